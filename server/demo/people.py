"""Names of the demo. All invented; addresses end in .example, which no mail can reach."""

CLINIC = "Riverside Plastic Surgery"
TIME_ZONE = "Europe/Budapest"
PHONE = "+36 1 555 0142"
WOMEN = (
    ("Petrauskienė", "Rūta"), ("Horváth", "Katalin"), ("Balogh", "Eszter"), ("Lakatos", "Zsófia"), ("Παπαδοπούλου", "Ελένη"),
    ("Ковальчук", "Олена"), ("Simon", "Ágnes"), ("Rácz", "Judit"), ("Kazlauskaitė", "Ieva"), ("Fodor", "Lilla"),
    ("Novák", "Hana"), ("Szűcs", "Boglárka"), ("Gulyás", "Dorottya"), ("O'Connor", "Maeve"), ("Bíró", "Anikó"),
    ("Hegedűs", "Tünde"), ("Somogyi", "Réka"), ("Vass", "Petra"), ("Orosz", "Noémi"), ("Illés", "Hanna"),
    ("Mészáros", "Flóra"), ("Żak", "Małgorzata"), ("Sándor", "Virág"), ("Kelemen", "Emma"), ("Pintér", "Luca"), ("Győri", "Sára"),
)  # fmt: skip
MEN = (
    ("Kiss", "Bence"), ("Oláh", "Márton"), ("Jonaitis", "Tomas"), ("Szalai", "Dániel"), ("Иванов", "Пётр"), ("Bogdán", "Levente"),
    ("Antal", "Máté"), ("Dudás", "Áron"), ("Šimkus", "Lukas"), ("Faragó", "Zoltán"), ("Jakab", "Tamás"), ("Veres", "Gergő"),
    ("Major", "András"), ("Soós", "Kristóf"),
)  # fmt: skip
