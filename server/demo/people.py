"""Names of the demo. All invented; addresses end in .example, which no mail can reach."""

from schemas.vocabulary import Role

CLINIC = "Riverside Plastic Surgery"
TIME_ZONE = "Europe/Budapest"
PHONE = "+36 1 555 0142"
PASSWORD = "graftlog-demo"  # noqa: S105  reason: documented, and refused off loopback
PIN = "274163"
"""Of all of them, on tablets. Documented as well."""

ACCOUNTS: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    ("admin@demo.example", "Ádám Varga", (Role.ADMIN,)),
    ("surgeon@demo.example", "Dr Vera Kovács", (Role.SURGEON,)),
    ("nurse@demo.example", "Nóra Szabó", (Role.NURSE,)),
    ("coordinator@demo.example", "Csaba Tóth", (Role.COORDINATOR,)),
    ("rater1@demo.example", "Dr Réka Nagy", (Role.RATER,)),
    ("rater2@demo.example", "Dr Gábor Molnár", (Role.RATER,)),
    ("rater3@demo.example", "Dr Emese Fekete", (Role.RATER,)),
)
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
