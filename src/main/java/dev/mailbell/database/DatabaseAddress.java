package dev.mailbell.database;

/**
 * Where a database is and who we are there.
 *
 * @param url {@code jdbc:postgresql://host:port/database}
 * @param username empty when the URL or the server's rules say it
 * @param password empty when none is asked for
 */
public record DatabaseAddress(String url, String username, String password) {

    /** Without the password. */
    @Override
    public String toString() {
        return "DatabaseAddress[" + ServerName.of(url) + "]";
    }
}
