// Judges resources, one JSON text a line, by the R4 definitions in the package; says for each line what it holds against it.
const fs = require("fs");
const { Fhir } = require("fhir");

const fhir = new Fhir();
for (const line of fs.readFileSync(process.argv[2], "utf8").split("\n")) {
  if (!line) continue;
  const judged = fhir.validate(JSON.parse(line), { errorOnUnexpected: true });
  const found = judged.messages.filter((one) => one.severity === "error" || one.severity === "fatal");
  console.log(JSON.stringify(found.map((one) => `${one.location}: ${one.message}`)));
}
