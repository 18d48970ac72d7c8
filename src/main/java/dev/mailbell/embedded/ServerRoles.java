package dev.mailbell.embedded;

import dev.mailbell.database.DatabaseAddress;
import dev.mailbell.database.PoolSettings;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Base64;
import java.util.Properties;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;

/**
 * The two roles of the embedded server. The superuser prepares the server at the start and does
 * nothing else. The daemon works as an ordinary role, which owns the database: a statement that an
 * attacker slips in reads no file of the machine and starts no program.
 */
final class ServerRoles {
    /** The role that initdb made; PostgreSQL lets it be nothing else than a superuser. */
    static final String SUPERUSER = "mailbell";

    /** The ordinary role. */
    static final String DAEMON = "mailbell_daemon";

    static final String DATABASE = "mailbell";

    private static final int SOCKET_SECONDS = 5;

    /**
     * Longer than the lock timeout: a statement of a killed daemon may still hold a lock. Also for
     * logins: on a busy machine a server that has just started answers late.
     */
    private static final int PREPARATION_SECONDS = 60;

    /** Databases of builds before this role existed have tables of the superuser. */
    private static final String ADOPT =
            """
            do $$
            declare
                it record;
            begin
                for it in
                    select 'table ' || c.oid::regclass as what from pg_class c
                    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
                        and c.relowner <> '%1$s'::regrole
                    union all
                    select 'routine ' || p.oid::regprocedure from pg_proc p
                    where p.pronamespace = 'public'::regnamespace and p.proowner <> '%1$s'::regrole
                loop
                    execute 'alter ' || it.what || ' owner to %1$s';
                    -- Each by itself: the locks of all partitions would not fit the lock table.
                    commit;
                end loop;
            end $$\
            """
                    .formatted(DAEMON);

    private ServerRoles() {}

    static DatabaseAddress superuser(int port, String database, String password) {
        return new DatabaseAddress(url(port, database), SUPERUSER, password);
    }

    static DatabaseAddress daemon(int port, String database, String password) {
        return new DatabaseAddress(url(port, database), DAEMON, daemonPassword(password));
    }

    private static String url(int port, String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    static Connection connect(DatabaseAddress address) throws SQLException {
        return DriverManager.getConnection(
                address.url(), PoolSettings.properties(address, SOCKET_SECONDS));
    }

    private static Connection prepared(DatabaseAddress address) throws SQLException {
        Properties properties = PoolSettings.properties(address, PREPARATION_SECONDS);
        PGProperty.CONNECT_TIMEOUT.set(properties, PREPARATION_SECONDS);
        PGProperty.LOGIN_TIMEOUT.set(properties, PREPARATION_SECONDS);
        return DriverManager.getConnection(address.url(), properties);
    }

    /**
     * The ordinary role's password, derived from the superuser's, so that one file holds both. The
     * superuser's cannot be computed from it.
     */
    private static String daemonPassword(String password) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(password.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return Base64.getUrlEncoder()
                    .withoutPadding()
                    .encodeToString(mac.doFinal(DAEMON.getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HMAC-SHA256", e);
        }
    }

    /**
     * Creates the ordinary role and its database where they are missing, and gives it the tables of
     * an earlier build. A standby has them from its primary.
     */
    static void prepare(int port, String password) throws SQLException {
        try (Connection connection = prepared(superuser(port, "postgres", password))) {
            if (has(connection, "pg_control_recovery() where pg_is_in_recovery()")) {
                return;
            }
            if (!has(connection, "pg_roles where rolname = '" + DAEMON + "'")) {
                execute(connection, "create role " + DAEMON);
            }
            execute(
                    connection,
                    "alter role "
                            + DAEMON
                            + " login nosuperuser nocreatedb nocreaterole noreplication"
                            + " nobypassrls");
            // The driver computes the verifier, so that the server's log cannot show the password.
            connection
                    .unwrap(PGConnection.class)
                    .alterUserPassword(
                            DAEMON, daemonPassword(password).toCharArray(), "scram-sha-256");
            if (!has(connection, "pg_database where datname = '" + DATABASE + "'")) {
                execute(connection, "create database " + DATABASE + " owner " + DAEMON);
            }
            execute(connection, "alter database " + DATABASE + " owner to " + DAEMON);
        }
        try (Connection connection = prepared(superuser(port, DATABASE, password))) {
            execute(connection, "set lock_timeout = '30s'");
            execute(connection, ADOPT);
        }
    }

    private static boolean has(Connection connection, String what) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select 1 from " + what)) {
            return row.next();
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
