package dev.mailbell.backup;

import dev.mailbell.database.Database;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * Loads a backup into an empty database, in one transaction: whatever goes wrong, the database is
 * as empty as it was. No daemon may use it meanwhile.
 */
public final class Restore implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Restore.class);
    private static final Duration LIMIT = Duration.ofHours(6);
    private static final int MAX_MANIFEST = 1 << 22;

    /** What the start of a daemon with {@code operator.webhook} makes. */
    private static final String OPERATOR_WEBHOOK = "'00000000-0000-7000-8000-000000000002'";

    private static final String ANALYZE_FILLED =
            """
            do $$
            declare
                filled regclass;
            begin
                for filled in select oid from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace
                    and pg_relation_size(oid) > 0
                loop
                    execute 'analyze ' || filled;
                end loop;
            end $$\
            """;

    /** How long a session of the pages lasts that rests on a key. */
    private static final String SESSION = "interval '12 hours'";

    /** Tables that say whether a database was used. */
    private static final List<String> USED =
            List.of(
                    "account",
                    "webhook where id <> " + OPERATOR_WEBHOOK,
                    "oauth_app",
                    "api_key",
                    "event",
                    "client where id not in ('00000000-0000-7000-8000-000000000000',"
                            + " '00000000-0000-7000-8000-000000000001')");

    private final Path file;
    private final ZipFile zip;
    private final Manifest manifest;

    private Restore(Path file, ZipFile zip, Manifest manifest) {
        this.file = file;
        this.zip = zip;
        this.manifest = manifest;
    }

    /**
     * Opens a backup.
     *
     * @throws BackupException when the file is none, or is not complete
     */
    public static Restore open(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new BackupException("there is no file " + file);
        }
        try {
            ZipFile zip = new ZipFile(file.toFile());
            boolean opened = false;
            try {
                Restore restore = new Restore(file, zip, manifest(file, zip));
                opened = true;
                return restore;
            } finally {
                if (!opened) {
                    zip.close();
                }
            }
        } catch (ZipException e) {
            throw new BackupException(
                    file + " is no backup of Mailbell, or its end is missing: " + e.getMessage(),
                    e);
        } catch (IOException e) {
            throw new BackupException(file + " cannot be read: " + e, e);
        }
    }

    private static Manifest manifest(Path file, ZipFile zip) throws IOException {
        ZipEntry entry = zip.getEntry(Manifest.ENTRY);
        if (entry == null) {
            throw new BackupException(
                    file + " is no backup of Mailbell: it has no " + Manifest.ENTRY);
        }
        try (InputStream in = zip.getInputStream(entry)) {
            Manifest manifest = Manifest.of(in.readNBytes(MAX_MANIFEST));
            if (manifest.format() != Manifest.FORMAT) {
                throw new BackupException(
                        file
                                + " was made by Mailbell "
                                + manifest.program()
                                + ", whose format this version does not know");
            }
            return manifest;
        } catch (JacksonException e) {
            throw new BackupException(
                    file + " is damaged: its " + Manifest.ENTRY + " is no JSON", e);
        }
    }

    public Manifest manifest() {
        return manifest;
    }

    /**
     * Loads the backup.
     *
     * @param database migrated to this program's version, and never used
     * @throws BackupException when the database has rows, a daemon uses it, it is of another
     *     version, or the backup is damaged
     */
    public void into(Database database) {
        try (Connection connection = database.ownConnection(LIMIT)) {
            connection.setAutoCommit(false);
            boolean done = false;
            try {
                keepDaemonsOut(connection);
                requireEmpty(connection);
                requireSameSchema(connection);
                load(connection);
                connection.commit();
                done = true;
            } finally {
                if (!done) {
                    connection.rollback();
                }
            }
            analyze(connection);
        } catch (SQLException e) {
            throw new BackupException(
                    file + " cannot be restored: " + Database.reason(e) + "; the database is empty",
                    e);
        } catch (IOException e) {
            throw new BackupException(
                    file + " is damaged and was not restored: " + e.getMessage(), e);
        }
    }

    /**
     * Of an empty table an analysis says that it stays empty: the partitions of the next days would
     * be searched by any index once they have rows. The rows are there whether it succeeds or not.
     */
    private static void analyze(Connection connection) {
        try (Statement statement = connection.createStatement()) {
            connection.setAutoCommit(true);
            statement.execute(ANALYZE_FILLED);
        } catch (SQLException e) {
            LOG.warn("PostgreSQL analyses the tables later: {}", Database.reason(e));
        }
    }

    /** A daemon that starts meanwhile waits until the end, or does not start. */
    private static void keepDaemonsOut(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("lock table node in share row exclusive mode");
        }
    }

    private static void requireEmpty(Connection connection) throws SQLException {
        for (String table : USED) {
            if (Catalog.hasRows(connection, table)) {
                throw new BackupException(
                        "the database has data, which a restore does not overwrite: point dataDir or"
                                + " database.url at an empty one");
            }
        }
        if (Catalog.hasRows(connection, "node where expires_at > now()")) {
            throw new BackupException("a daemon uses the database: stop it first");
        }
    }

    private void requireSameSchema(Connection connection) throws SQLException {
        List<String> here = Catalog.schema(connection);
        if (!here.equals(manifest.schema())) {
            throw new BackupException(
                    file
                            + " was made by Mailbell "
                            + manifest.program()
                            + ", whose tables are other ones: restore it with that version, then"
                            + " upgrade");
        }
    }

    private void load(Connection connection) throws SQLException, IOException {
        Map<String, List<String>> known = Catalog.tables(connection);
        try (Statement statement = connection.createStatement()) {
            // A database that a daemon has only been started on has its keyset, too.
            statement.execute("delete from keyset_key");
            statement.execute("delete from webhook where id = " + OPERATOR_WEBHOOK);
            statement.execute("delete from canary");
            statement.execute("delete from audit");
            statement.execute("delete from idempotency");
            statement.execute("delete from client");
        }
        for (Map.Entry<String, List<String>> log : manifest.days().entrySet()) {
            addDays(connection, log.getKey(), log.getValue());
        }
        for (Manifest.Table table : manifest.tables()) {
            if (!known.getOrDefault(table.name(), List.of()).equals(table.columns())) {
                throw new BackupException(
                        file + " is damaged: it has a table " + table.name() + " of another form");
            }
            load(connection, table);
        }
        try (Statement statement = connection.createStatement()) {
            statement.execute("delete from change_notice");
            endAccess(statement);
        }
    }

    /**
     * The backup does not know what was used or ended since. A portal link that was opened would
     * open again, and with it its sessions end; a session that was signed out would go on.
     */
    private static void endAccess(Statement statement) throws SQLException {
        statement.execute("delete from portal_link");
        // The row of no session ends all that rest on a key and would end by then: those that were
        // begun until now.
        statement.execute(
                """
                insert into signed_out (session, expires_at)
                values ('00000000-0000-0000-0000-000000000000', clock_timestamp() + %s)
                on conflict (session) do update set expires_at = excluded.expires_at\
                """
                        .formatted(SESSION));
    }

    private static void addDays(Connection connection, String log, List<String> days)
            throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("select log_add_day(?, to_date(?, 'YYYYMMDD'))")) {
            for (String day : days) {
                statement.setString(1, log);
                statement.setString(2, day);
                statement.execute();
            }
        }
    }

    private void load(Connection connection, Manifest.Table table)
            throws SQLException, IOException {
        ZipEntry entry = zip.getEntry(table.entry());
        if (entry == null) {
            throw new BackupException(file + " is damaged: it lacks " + table.entry());
        }
        long rows;
        try (InputStream in = zip.getInputStream(entry)) {
            rows =
                    connection
                            .unwrap(PGConnection.class)
                            .getCopyAPI()
                            .copyIn(
                                    "copy %s (%s) from stdin"
                                            .formatted(
                                                    Catalog.quoted(table.name()),
                                                    Catalog.list(table.columns())),
                                    in);
        }
        if (rows != table.rows()) {
            throw new BackupException(
                    "%s is damaged: it has %d rows of %s instead of %d"
                            .formatted(file, rows, table.name(), table.rows()));
        }
    }

    @Override
    public void close() {
        try {
            zip.close();
        } catch (IOException e) {
            throw new BackupException(file + " cannot be closed: " + e, e);
        }
    }
}
