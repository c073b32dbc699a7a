"""Tables: the engine's own rows, of no clinic: the state of each way out, and work that comes round by the clock."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class Sender(Base):
    """One channel of this installation: its breaker, its pace, and whether somebody has stopped it. Named `*`: all of them."""

    __tablename__ = "senders"
    channel: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    open_until: Mapped[datetime | None]
    free_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    pause_reason: Mapped[str | None]


class Chore(Base):
    """Work that comes round by the clock, run by whoever moves `next_at` first. Named `watermark`: the latest time that was believed."""

    __tablename__ = "chores"
    name: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]
    ran_at: Mapped[datetime | None]
    said: Mapped[str | None]
