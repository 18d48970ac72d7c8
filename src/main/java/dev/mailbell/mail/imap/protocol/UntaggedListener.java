package dev.mailbell.mail.imap.protocol;

/** Consumes the untagged responses of a command as they arrive. */
@FunctionalInterface
public interface UntaggedListener {
    void accept(SharedResponse line);

    /** Ignores every response. */
    UntaggedListener IGNORED = line -> {};
}
