// Sends one photograph with tus-js-client, as an app would: resumes what an earlier run began, retries, says each step in a line of JSON.
const fs = require('node:fs')
const tus = require('tus-js-client')

const [settingsFile] = process.argv.slice(2)
const settings = JSON.parse(fs.readFileSync(settingsFile, 'utf8'))
const say = (step, more = {}) => process.stdout.write(JSON.stringify({ step, ...more }) + '\n')
const size = fs.statSync(settings.file).size

const upload = new tus.Upload(fs.createReadStream(settings.file), {
  endpoint: settings.endpoint,
  uploadSize: size,
  chunkSize: settings.chunkSize,
  retryDelays: settings.retryDelays,
  metadata: { photo_id: settings.photo, filename: 'front.jpg' },
  headers: { Authorization: `Bearer ${settings.token}` },
  overridePatchMethod: settings.onlyPost === true,
  urlStorage: new tus.FileUrlStorage(settings.memory),
  fingerprint: async () => `photo-${settings.photo}`,
  storeFingerprintForResuming: true,
  removeFingerprintOnSuccess: true,
  onProgress: (sent) => say('progress', { sent }),
  onChunkComplete: (_chunk, accepted) => {
    say('chunk', { accepted })
    if (accepted === settings.dieAt) process.kill(process.pid, 'SIGKILL')
  },
  onSuccess: () => say('success', { url: upload.url }),
  onError: (error) => {
    const answer = error.originalResponse
    say('error', { status: answer ? answer.getStatus() : 0, body: answer ? answer.getBody() : String(error) })
    process.exitCode = 1
  },
})

upload.findPreviousUploads().then((earlier) => {
  if (earlier.length > 0) upload.resumeFromPreviousUpload(earlier[0])
  say('begin', { resumed: earlier.length > 0 })
  if (settings.giveUpAt === undefined) return upload.start()
  upload.options.onChunkComplete = (_chunk, accepted) => {
    if (accepted >= settings.giveUpAt) upload.abort(true).then(() => say('given up'))
  }
  upload.start()
})
