package dev.mailbell.mail;

import dev.mailbell.mail.text.ServerText;
import java.util.List;
import java.util.Locale;

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
    private static final List<String> TOKEN_ONLY =
            List.of("outlook.com", "office365.com", "hotmail.com", "live.com");

    private LoginAdvice() {}

    /** A sentence that begins with a blank; a general one for an unknown host. */
    public static String forRefusedPassword(String host) {
        if (isAt(host, AUTHORISATION_CODE)) {
            return " Switch on POP3/IMAP in the mailbox's web settings, generate an authorisation"
                    + " code there, and use it as the password.";
        }
        if (isAt(host, APP_PASSWORD)) {
            return " Generate an app password in the provider's account settings, and use it here.";
        }
        if (isAt(host, TOKEN_ONLY)) {
            return " This provider no longer takes passwords: use OAuth.";
        }
        return " Check user name and password; some providers want an app password.";
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
