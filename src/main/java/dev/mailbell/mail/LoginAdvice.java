package dev.mailbell.mail;

import dev.mailbell.mail.text.ServerText;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Advice for the owner of an account whose password was refused. */
public final class LoginAdvice {
    private static final List<String> AUTHORISATION_CODE =
            List.of(
                    "163.com",
                    "126.com",
                    "126.net",
                    "188.com",
                    "yeah.net",
                    "qq.com",
                    "foxmail.com",
                    "sina.com",
                    "sina.com.cn",
                    "sina.cn",
                    "sohu.com");
    private static final List<String> APP_PASSWORD =
            List.of(
                    "gmail.com",
                    "googlemail.com",
                    "yahoo.com",
                    "aol.com",
                    "icloud.com",
                    "me.com",
                    "mail.ru",
                    "yandex.ru",
                    "yandex.com");
    private static final List<String> GMAIL = List.of("gmail.com", "googlemail.com");
    private static final List<String> TOKEN_ONLY =
            List.of("outlook.com", "office365.com", "hotmail.com", "live.com");

    private LoginAdvice() {}

    /** A sentence that begins with a blank; a general one for an unknown host. */
    public static String forRefusedPassword(String host) {
        return " "
                + forProvider(host)
                        .orElse(
                                "Check user name and password; some providers want an app password.");
    }

    /**
     * The same after a mechanism was refused on a connection in clear text, where weaker ones are
     * not tried: some servers offer a mechanism for which they have no secrets.
     */
    public static String forRefusedIn(String mechanism, String host) {
        return forRefusedPassword(host)
                + (sendsPassword(mechanism)
                        ? ""
                        : " Nothing weaker than "
                                + mechanism
                                + ", which the server offers, is tried in clear text, unless the"
                                + " operator sets plainFallback for this server.");
    }

    private static boolean sendsPassword(String mechanism) {
        return mechanism.equals("PLAIN") || mechanism.equals("LOGIN");
    }

    /** What a provider wants for a login; empty for an unknown host. */
    public static Optional<String> forProvider(String host) {
        if (isAt(host, AUTHORISATION_CODE)) {
            return Optional.of(
                    "Switch on POP3/IMAP in the mailbox's web settings, generate an authorisation"
                            + " code there, and use it as the password.");
        }
        if (isAt(host, APP_PASSWORD)) {
            return Optional.of(
                    "Generate an app password in the provider's account settings, and use it"
                            + " here.");
        }
        if (isAt(host, TOKEN_ONLY)) {
            return Optional.of("This provider no longer takes passwords: use OAuth.");
        }
        return Optional.empty();
    }

    /** Whether a provider takes access tokens. */
    public enum Tokens {
        REQUIRED,
        ACCEPTED,
        UNKNOWN
    }

    /** Whether the provider of a mail host takes access tokens that Mailbell can fetch. */
    public static Tokens tokens(String host) {
        if (isAt(host, TOKEN_ONLY)) {
            return Tokens.REQUIRED;
        }
        return isAt(host, GMAIL) ? Tokens.ACCEPTED : Tokens.UNKNOWN;
    }

    /**
     * The failure of a login for which the server offers no usable password mechanism.
     *
     * @param offered the SASL mechanisms that it does offer, upper case
     * @param startTls whether the connection is in clear text and could be upgraded, after which
     *     servers offer more
     */
    public static MailFailure noPasswordLogin(List<String> offered, boolean startTls) {
        String said =
                "The server offers no login by password that Mailbell knows ("
                        + (offered.isEmpty()
                                ? "it offers none at all"
                                : "it offers "
                                        + ServerText.oneLine(String.join(", ", offered), 200))
                        + "): ";
        boolean tokens = offered.contains("XOAUTH2") || offered.contains("OAUTHBEARER");
        return new MailFailure(
                FailureCode.AUTH_FAILED,
                said
                        + (startTls
                                ? "use security \"starttls\" or \"tls\"."
                                : tokens
                                        ? "use OAuth."
                                        : "ask the mail server's operator to allow PLAIN, SCRAM"
                                                + " or CRAM-MD5."));
    }

    private static boolean isAt(String host, List<String> domains) {
        String name = "." + host.toLowerCase(Locale.ROOT);
        return domains.stream().anyMatch(domain -> name.endsWith("." + domain));
    }
}
