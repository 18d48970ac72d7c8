package dev.mailbell.account;

/** The client already has an account with this {@code ref}. */
public final class RefTakenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public RefTakenException(String ref) {
        super("there is already an account with the ref \"" + ref + "\"");
    }
}
