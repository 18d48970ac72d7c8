package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.MailSettings;
import dev.mailbell.account.WatchSettings;
import dev.mailbell.client.ClientStore;
import dev.mailbell.event.Ids;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** An account with an INBOX, at a mail host that is never connected to. */
public final class TestAccount {
    private TestAccount() {}

    public static Account of(AccountState state, Map<String, String> labels, Instant since) {
        MailSettings mail =
                new MailSettings(
                        Protocol.IMAP,
                        "imap.example.org",
                        993,
                        Security.TLS,
                        "ann@example.org",
                        MailSettings.Auth.PASSWORD,
                        true,
                        null);
        return new Account(
                Ids.next(),
                ClientStore.DEFAULT,
                null,
                "ann@example.org",
                mail,
                new byte[] {1, 2, 3},
                null,
                List.of("INBOX"),
                new WatchSettings(null, null, false),
                labels,
                state,
                since,
                null,
                null,
                since,
                since);
    }
}
