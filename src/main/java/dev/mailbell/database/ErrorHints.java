package dev.mailbell.database;

/** Adds a remedy to known error messages of PostgreSQL. */
public final class ErrorHints {
    /** The message of initdb when its user has no entry in /etc/passwd. */
    public static final String NO_SUCH_USER = "could not look up effective user ID";

    private ErrorHints() {}

    public static String of(String message) {
        if (message.contains("No space left on device")
                || message.contains("could not extend file")) {
            return "the disk is full; free some space and start again. PostgreSQL says: " + message;
        }
        if (message.contains(NO_SUCH_USER)) {
            return "this user has no entry in /etc/passwd, which PostgreSQL's initdb needs, and user namespaces,"
                    + " the way around it, are not permitted here; add an entry, run as a user that has one, or"
                    + " set database.url to a server of your own. PostgreSQL says: "
                    + message;
        }
        if (message.contains("Permission denied") || message.contains("Read-only file system")) {
            return "files cannot be written; check the owner and the mount of the data directory. PostgreSQL says: "
                    + message;
        }
        if (message.contains("error while loading shared libraries")) {
            return "a library is missing on this machine; install it or set database.url. PostgreSQL says: "
                    + message;
        }
        if (message.contains("could not map anonymous shared memory")
                || message.contains("Cannot allocate memory")) {
            return "there is too little memory; about 150 MB are needed. PostgreSQL says: "
                    + message;
        }
        return "PostgreSQL says: " + (message.isEmpty() ? "nothing" : message);
    }
}
