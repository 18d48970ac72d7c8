package dev.mailbell.database;

import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/**
 * The parts of a JDBC URL that may be logged: host, port and database. Its parameters may contain a
 * password.
 */
public record ServerName(String host, String port, String database, String user) {

    /**
     * Parses a URL; throws a {@link DatabaseException} when the driver cannot parse it or it
     * contains a password.
     */
    public static ServerName of(String url) {
        @Nullable Properties parts =
                url.startsWith("jdbc:postgresql:") ? Driver.parseURL(url, null) : null;
        if (parts == null) {
            throw new DatabaseException(
                    "database.url is not a PostgreSQL URL: write it as"
                            + " jdbc:postgresql://host:5432/mailbell, or leave it empty for the embedded server");
        }
        if (PGProperty.PASSWORD.getOrNull(parts) != null
                || PGProperty.SSL_PASSWORD.getOrNull(parts) != null) {
            throw new DatabaseException(
                    "database.url holds a password, and URLs end up in logs: move it to database.password"
                            + " (or the environment's MAILBELL_DATABASE_PASSWORD)");
        }
        return new ServerName(
                part(parts, PGProperty.PG_HOST, "localhost"),
                part(parts, PGProperty.PG_PORT, "5432"),
                part(parts, PGProperty.PG_DBNAME, "(the user's own)"),
                part(parts, PGProperty.USER, ""));
    }

    /**
     * Refuses a URL that the driver cannot parse, that contains a password, or that names no host.
     */
    public static void requireUrl(String url) {
        ServerName name = of(url);
        if (name.host().isBlank()) {
            throw new DatabaseException("database.url names no host");
        }
    }

    private static String part(Properties parts, PGProperty property, String otherwise) {
        @Nullable String value = property.getOrDefault(parts);
        return value == null || value.isEmpty() ? otherwise : value;
    }

    @Override
    public String toString() {
        return host + ":" + port + "/" + database;
    }
}
