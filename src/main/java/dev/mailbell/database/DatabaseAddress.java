package dev.mailbell.database;

/**
 * The URL of a database, and the login.
 *
 * @param url {@code jdbc:postgresql://host:port/database}
 * @param username empty when the URL or the server's rules determine it
 * @param password empty when the server asks for none
 */
public record DatabaseAddress(String url, String username, String password) {

    /** Without the password. */
    @Override
    public String toString() {
        return "DatabaseAddress[" + ServerName.of(url) + "]";
    }
}
