package dev.mailbell.watch.admission;

import dev.mailbell.account.Account;
import dev.mailbell.account.MailSettings;
import java.util.Locale;
import java.util.UUID;

/**
 * A mail server (host, port, and the account's own way out, whose failures say nothing of the
 * server) as one client uses it. What the client's accounts make of the server, because they hang
 * there for example, is not held against the accounts of other clients.
 */
public record CheckedServer(UUID client, String name) {
    public static CheckedServer of(Account account) {
        MailSettings mail = account.mail();
        String server = mail.host().toLowerCase(Locale.ROOT) + ":" + mail.port();
        return new CheckedServer(
                account.clientId(),
                mail.egress() == null ? server : server + " by " + mail.egress());
    }
}
