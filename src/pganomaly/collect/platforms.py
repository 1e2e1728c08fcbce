"""The clouds that run PostgreSQL for people: how to know them, whom they send into the server, how settings change."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Platform:
    """
    One cloud.

    roles, databases  its own, by which it is recognised and which are nobody's business logic
    where             where its settings are changed
    restart           what makes a setting take effect that needs a restart
    preloads          whether it loads pg_stat_statements by itself and lets nobody change that
    """

    name: str
    roles: tuple[str, ...]
    databases: tuple[str, ...]
    where: str
    restart: str
    preloads: bool = False


PLATFORMS: tuple[Platform, ...] = (
    Platform(
        "Amazon RDS or Aurora",
        ("rdsadmin", "rdsrepladmin", "rdstopmgr", "rdswriteforwarduser", "rdsproxyadmin"),
        ("rdsadmin",),
        "in the DB parameter group of the instance (on Aurora: of the cluster)",
        "reboot the instance",
    ),
    Platform(
        "Google Cloud SQL",
        ("cloudsqladmin", "cloudsqlagent", "cloudsqlreplica", "cloudsqlimportexport", "cloudsqlconnpooladmin"),
        ("cloudsqladmin",),
        "as a database flag of the instance",
        "restart the instance",
        preloads=True,
    ),
    Platform(
        "Google AlloyDB",
        ("alloydbadmin", "alloydbagent", "alloydbreplica", "alloydbimportexport"),
        ("alloydbadmin", "alloydbmetadata"),
        "as a database flag of the instance",
        "restart the instance",
        preloads=True,
    ),
    Platform(
        "Azure Database for PostgreSQL",
        ("azuresu", "azure_superuser"),
        ("azure_maintenance", "azure_sys"),
        "in the server parameters of the instance",
        "restart the server from the portal",
    ),
    Platform("Neon", ("cloud_admin",), (), "in the project's settings", "restart the compute", preloads=True),
    Platform(
        "Supabase", ("supabase_admin",), (), "in the project's database settings", "restart the project", preloads=True
    ),
    Platform("Aiven", ("_aiven",), ("_aiven",), "in the service's advanced configuration", "restart the service"),
    Platform("DigitalOcean", ("_dodb",), ("_dodb",), "through the database configuration API", "restart the cluster"),
)

ROLES = frozenset(role for platform in PLATFORMS for role in platform.roles)
DATABASES = frozenset(database for platform in PLATFORMS for database in platform.databases)


def recognised(roles: frozenset[str]) -> Platform | None:
    """Return the cloud that has left its roles on a server, None where people run it themselves."""
    return next((platform for platform in PLATFORMS if roles.intersection(platform.roles)), None)
