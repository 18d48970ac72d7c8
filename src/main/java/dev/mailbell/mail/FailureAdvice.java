package dev.mailbell.mail;

/**
 * What a failure means and what to do, in plain words, for one account, many, or a mail host; the
 * failure's own message has the details.
 */
public final class FailureAdvice {
    private FailureAdvice() {}

    /** The failure in a few words. */
    public static String inShort(FailureCode code) {
        return switch (code) {
            case AUTH_FAILED -> "the mail server refuses user name or password";
            case TOKEN_REFUSED -> "the OAuth 2.0 grant was revoked or has expired";
            case CONNECT_FAILED -> "the mail server cannot be reached";
            case TLS_FAILED -> "the certificate or TLS of the mail server is not accepted";
            case TIMEOUT -> "the mail server does not answer in time";
            case TOO_MANY_CONNECTIONS -> "the mail server wants fewer connections";
            case RATE_LIMITED -> "the mail server wants fewer logins";
            case MAILBOX_MISSING -> "a watched mailbox does not exist";
            case MAILBOX_LOCKED -> "another session holds the mailbox";
            case SERVER_ERROR -> "the mail server reports an error of its own";
            case PROTOCOL_ERROR -> "the mail server answers what cannot be read";
            case BLOCKED_ADDRESS -> "the mail server's address is not allowed";
        };
    }

    /** What to do about many accounts that are parked for it. */
    public static String forParked(FailureCode code) {
        return switch (code) {
            case AUTH_FAILED ->
                    "Give these accounts their new password; many providers want an app password.";
            case TOKEN_REFUSED -> "Send the owners a new consent link.";
            case MAILBOX_MISSING -> "Correct the names of the watched mailboxes.";
            case BLOCKED_ADDRESS ->
                    "Correct the host, or allow its network in network.allowPrivate.";
            case TLS_FAILED ->
                    "Have the server's certificate renewed, or give the accounts its authority.";
            case CONNECT_FAILED,
                    TIMEOUT,
                    TOO_MANY_CONNECTIONS,
                    RATE_LIMITED,
                    MAILBOX_LOCKED,
                    SERVER_ERROR,
                    PROTOCOL_ERROR ->
                    "Look at the accounts: each says what its server answered.";
        };
    }

    /** What to do about a mail host where the checks of many accounts fail. */
    public static String forHost(FailureCode code) {
        return switch (code) {
            case CONNECT_FAILED, TIMEOUT ->
                    "Checks are tried again by themselves. If the host works elsewhere, look at the"
                            + " network between this node and it.";
            case TOO_MANY_CONNECTIONS, RATE_LIMITED ->
                    "Mailbell slows down by itself. Lower connections or loginsPerSecond of the"
                            + " provider's profile if it lasts.";
            case TLS_FAILED -> "Look at the certificate: bin/mailbell probe shows it.";
            case AUTH_FAILED,
                    TOKEN_REFUSED,
                    MAILBOX_MISSING,
                    MAILBOX_LOCKED,
                    SERVER_ERROR,
                    PROTOCOL_ERROR,
                    BLOCKED_ADDRESS ->
                    "Checks are tried again by themselves; the accounts say what was answered.";
        };
    }

    /** One or two sentences for the account's owner or the operator. */
    public static String of(FailureCode code) {
        return switch (code) {
            case AUTH_FAILED ->
                    "The mail server refuses the login. Check user name and password; many providers"
                            + " want an app password and a switch for IMAP or POP3 in their settings.";
            case TOKEN_REFUSED ->
                    "The provider no longer accepts the access that was granted. Let the mailbox's"
                            + " owner grant it again.";
            case CONNECT_FAILED ->
                    "No connection to the mail server came about or lasted. Check host and port, and"
                            + " whether the server is reachable from here.";
            case TLS_FAILED ->
                    "The connection could not be encrypted, or the server's certificate is not"
                            + " accepted. Check port and security, or let the server's operator renew"
                            + " the certificate.";
            case TIMEOUT ->
                    "The mail server did not answer in time. Mailbell tries again by itself; if it"
                            + " stays so, check the server and the network.";
            case TOO_MANY_CONNECTIONS ->
                    "The mail server wants fewer connections at once. Close other programs that use"
                            + " this mailbox, or lower the number of connections for this host.";
            case RATE_LIMITED ->
                    "The mail server wants fewer logins or requests. Mailbell waits and tries again;"
                            + " a longer interval helps if it stays so.";
            case MAILBOX_MISSING ->
                    "The mail server has no folder of this name. Correct the account's list of"
                            + " mailboxes.";
            case MAILBOX_LOCKED ->
                    "Another program holds the mailbox open. Mailbell tries again by itself; close the"
                            + " other program if it stays so.";
            case SERVER_ERROR ->
                    "The mail server reports a fault of its own. Mailbell tries again by itself; ask"
                            + " the provider if it stays so.";
            case PROTOCOL_ERROR ->
                    "The mail server answers in a way that is not of the protocol. Check protocol, port"
                            + " and security; a trace shows the dialogue.";
            case BLOCKED_ADDRESS ->
                    "The mail server's address is not allowed here. Use a public host, or let the"
                            + " operator allow the address in network.allowPrivate.";
        };
    }
}
