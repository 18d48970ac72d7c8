package dev.mailbell.watch;

import static dev.mailbell.mail.imap.ImapScripts.answered;
import static dev.mailbell.mail.imap.ImapScripts.examine;
import static dev.mailbell.mail.imap.ImapScripts.headers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.event.EventType;
import dev.mailbell.mail.imap.ImapKit;
import dev.mailbell.mail.scripted.ScriptedServer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How the messages of an account are counted is shown with the account. */
class ProofTest {
    private static final String YAML =
            """
            network: { allowPrivate: [127.0.0.0/8], allowCleartext: [127.0.0.1] }
            polling: { loginsPerSecond: 1000 }
            """;

    private static final String LOGIN =
            """
            S: * OK [CAPABILITY IMAP4rev1] ready
            C: {tag} LOGIN ann s3cret-word
            S: {tag} OK [CAPABILITY IMAP4rev1] in
            """;

    @Test
    void a_uidvalidity_made_from_the_clock_is_shown_as_the_proof_identity_without_a_reset()
            throws Exception {
        String script =
                LOGIN
                        + examine(2, 3, 101)
                        + answered("FETCH 2 (UID)", "* 2 FETCH (UID 2)")
                        + examine(3, 4, 103)
                        + examine(3, 4, 105)
                        + examine(3, 4, 105)
                        + headers("a", "b", "c")
                        + answered("UID FETCH 3 (UID INTERNALDATE)")
                        + ImapKit.GOODBYE;
        try (ScriptedServer server = ScriptedServer.playing(script);
                WatchKit kit = new WatchKit(YAML)) {
            kit.start();
            Account account = kit.register(server.port(), "ann");
            await().until(() -> !kit.of(account, EventType.MAILBOX_BASELINE).isEmpty());
            kit.awaitRest(List.of(account));
            assertThat(proof(kit, account)).isNotEqualTo("identity");
            kit.check(account);
            assertThat(proof(kit, account)).isEqualTo("identity");
            assertThat(kit.announced(account)).isEqualTo(1);
            assertThat(kit.of(account, EventType.MAILBOX_RESET)).isEmpty();
        }
    }

    private static String proof(WatchKit kit, Account account) {
        return String.valueOf(
                kit.watch().live(account.id()).map(AccountCommands.Live::proof).orElse(null));
    }
}
