package dev.mailbell.database;

import java.net.UnknownHostException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/**
 * Makes a first connection before the pool does, and turns every failure into a message with a
 * remedy.
 */
final class ConnectionPreflight {
    static final int MIN_MAJOR_VERSION = 14;
    private static final int SOCKET_SECONDS = 10;

    private static final String READ_ONLY =
            "only reads (a standby, a failover under way, or default_transaction_read_only): set database.url to the"
                    + " primary, or name all servers in it (jdbc:postgresql://db1,db2/mailbell), and start again when"
                    + " one of them is primary";

    private ConnectionPreflight() {}

    static void check(DatabaseAddress address) {
        ServerName name = ServerName.of(address.url());
        try (Connection connection =
                        DriverManager.getConnection(
                                address.url(), PoolSettings.ofPrimary(address, SOCKET_SECONDS));
                Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                """
                                select current_setting('server_version_num')::int / 10000, current_setting('server_version'),
                                    current_setting('server_encoding'), current_setting('transaction_read_only') = 'on'\
                                """)) {
            row.next();
            requireSupported(
                    name, row.getInt(1), row.getString(2), row.getString(3), row.getBoolean(4));
        } catch (SQLException e) {
            throw refusal(name, address, e);
        }
    }

    static void requireSupported(
            ServerName name, int major, String version, String encoding, boolean readOnly) {
        if (major < MIN_MAJOR_VERSION) {
            throw new DatabaseException(
                    "the server at "
                            + name
                            + " is PostgreSQL "
                            + version
                            + ": Mailbell needs "
                            + MIN_MAJOR_VERSION
                            + " or newer; upgrade it or set database.url to another");
        }
        if (!encoding.equals("UTF8")) {
            throw new DatabaseException(
                    "the database at "
                            + name
                            + " has the encoding "
                            + encoding
                            + ": create one with"
                            + " create database … encoding 'UTF8' template template0");
        }
        if (readOnly) {
            throw new DatabaseException("the PostgreSQL server at " + name + " " + READ_ONLY);
        }
    }

    /**
     * Where the driver's message could quote the URL, neither the message nor the cause is passed
     * on.
     */
    private static DatabaseException refusal(
            ServerName name, DatabaseAddress address, SQLException e) {
        String user = address.username().isEmpty() ? name.user() : address.username();
        String state = e.getSQLState() == null ? "" : e.getSQLState();
        String problem =
                switch (state) {
                    case "28P01" ->
                            "refuses the password of user \""
                                    + user
                                    + "\": check database.username and database.password";
                    case "28000" ->
                            "does not let user \""
                                    + user
                                    + "\" in: check database.username, and pg_hba.conf of the server";
                    case "08004" ->
                            "asks for a password or login that was not given: set database.username and"
                                    + " database.password";
                    case "3D000" ->
                            "has no such database: create it (create database \""
                                    + name.database()
                                    + "\" owner \""
                                    + user
                                    + "\") or correct database.url";
                    case "53300" ->
                            "has no connection left: raise its max_connections or lower database.pool";
                    case "57P03" -> "is starting or stopping: try again in a moment";
                    default -> unreachable(e, state);
                };
        return new DatabaseException("the PostgreSQL server at " + name + " " + problem);
    }

    private static String unreachable(SQLException e, String state) {
        @Nullable Throwable cause = e.getCause();
        if (cause instanceof UnknownHostException) {
            return "cannot be found: the host name is unknown; check database.url";
        }
        if (Outage.of(e).filter(Outage.READ_ONLY::equals).isPresent()) {
            return READ_ONLY;
        }
        if (state.startsWith("08")) {
            String why =
                    cause == null || cause.getMessage() == null ? "no answer" : cause.getMessage();
            return "cannot be reached ("
                    + why
                    + "): check database.url, and that the server runs and listens there";
        }
        return "cannot be used (SQLSTATE " + state + "): " + e.getMessage();
    }
}
