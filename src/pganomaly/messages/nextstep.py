"""What to do next, in words: how to read what the statement shows, and what is done where no statement does it."""

from pganomaly.messages.marker import marked as _
from pganomaly.messages.speaker import Speaker
from pganomaly.records import Block, Cause, Step

CONFIRMED = {
    Cause.MISSING_INDEX: _("It is so if the index is not listed or not valid, or if seq_scan grows with every call."),
    Cause.PLAN_CHANGE: _("It is so if many rows changed since the last analyze, or if a setting is not your choice."),
    Cause.LOCK_WAIT: _("It is so while rows are listed: blocked_by holds what the others wait for."),
    Cause.COMMIT_WAIT: _("It is so if sessions wait for SyncRep (a standby) or for Wal… (the disk of the log)."),
    Cause.COLD_CACHE: _("It is so if read_percent falls from look to look, or the server was started lately."),
    Cause.MORE_IO: _("Run it twice: it is so if reads grow fast."),
    Cause.TEMP_SPILL: _("Run it twice: it is so if temp_bytes grows. work_mem is what a sort may take."),
    Cause.DATA_GROWTH: _("It is so if there are many more rows than when the table was analyzed."),
    Cause.DATA_SKEW: _("It is so if the first share of a column that it compares is far above the others."),
    Cause.BLOAT: _("It is so if dead_percent is high; who is listed first keeps vacuum from its work."),
    Cause.CALL_SURGE: _(
        "Run it twice: it is so if calls grow as fast as said above. application_name and client_addr say who calls."
    ),
    Cause.N_PLUS_ONE: _(
        "Run it twice: it is so if this_one grows by many calls while another of the list grows by a few."
    ),
    Cause.RETRY_STORM: _("Run it twice: it is so if xact_rollback grows fast."),
    Cause.NEW_QUERY: _("Who is listed runs it now; application_name and client_addr say who that is."),
    Cause.CALL_DROP: _("It is so if no session is listed, or all of them are idle or wait."),
    Cause.WAL_GROWTH: _(
        "Run it twice. Many full_page_images or forced checkpoints: max_wal_size. Much n_tup_upd that is not hot:"
        " the indexes. Neither: what is written into a row has become longer."
    ),
    Cause.HOST_SLOW: _(
        "times_as_long is about 1 where processors are free, and 2 or more where others have them."
        " Most sessions wait for IO: the disks. Neither: the host beside PostgreSQL."
    ),
    Cause.CPU_SATURATION: _("It is so if more sessions are listed than the host has cores."),
    Cause.SLOW_DRIFT: _("It is so if rows, dead rows or size grow from day to day."),
    Cause.SCHEDULE: _("Who is listed runs it now; application_name and client_addr say who that is."),
    Cause.UNKNOWN: _("What its sessions wait for says where to look."),
}
"""How to read the look of each cause."""

ADVICE = {
    Cause.LOCK_WAIT: _("Ending the session that holds the lock; its transaction is rolled back."),
    Cause.COLD_CACHE: _("Waiting: the cache fills by itself."),
    Cause.CALL_SURGE: _("In the application: fewer calls, or a cache; the server can only bound its sessions."),
    Cause.N_PLUS_ONE: _("In the application: asking for all rows at once (… = ANY ($1)) instead of one by one."),
    Cause.RETRY_STORM: _("In the application: the error behind it, and longer pauses between attempts."),
    Cause.NEW_QUERY: _("If it is not wanted: ending it in the application; a time limit bounds it."),
    Cause.CALL_DROP: _("In the application: whatever stopped it from calling. The server has no part in it."),
    Cause.WAL_GROWTH: _("In the application: shorter values, and only what has changed. For forced checkpoints:"),
    Cause.HOST_SLOW: _("On the host: whoever takes its disks or processors."),
    Cause.SCHEDULE: _("In the scheduler: the job back to its hours."),
    Cause.DATA_GROWTH: _("New statistics at once; later, less to go through: an archive, partitions, a LIMIT."),
}
"""What mends a cause, beside or instead of a statement."""
INSTEAD = {Cause.MISSING_INDEX: _("An index for what it looks for.")}
"""What mends a cause where no statement does."""


def blocks(speaker: Speaker, step: Step, database: str | None) -> tuple[Block, ...]:
    """Return what to look at, how to read it, and what would mend it."""
    say = speaker.say
    where = say("To confirm it, in psql:")
    if "FROM pg_stat_statements" in step.look:
        where = say("To confirm it, in psql, in a database that has pg_stat_statements:")
    if step.in_database and database is not None:
        where = say("To confirm it, in psql, in database {database}:", database=database)
    advice = ADVICE.get(step.cause) or (None if step.mend else INSTEAD.get(step.cause))
    mend = [say("What would mend it (pganomaly never does it):")] if advice or step.mend else []
    mend += [say(advice)] if advice else []
    return (
        Block("text", f"{where}\n{say(CONFIRMED[step.cause])}"),
        Block("code", step.look),
        *((Block("text", "\n".join(mend)),) if mend else ()),
        *((Block("code", step.mend),) if step.mend else ()),
    )
