package dev.mailbell.watch;

import static dev.mailbell.mail.imap.ImapScripts.examine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.mail.imap.ImapKit;
import dev.mailbell.mail.scripted.ScriptedServer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** An account whose every check reads much is checked less often than its interval says. */
class LongAnswersTest {
    private static final Duration INTERVAL = Duration.ofSeconds(30);

    private static final String YAML =
            """
            network: { allowPrivate: [127.0.0.0/8], allowCleartext: [127.0.0.1] }
            polling: { loginsPerSecond: 1000, jitter: 0, imap: { interval: 30s, min: 30s } }
            """;

    /** 2.7 MB, which an account may read in 41 s. */
    private static final String LONG = ("S: * OK " + "x".repeat(60_000) + "\n").repeat(45);

    private static final String LOGIN =
            """
            S: * OK [CAPABILITY IMAP4rev1] ready
            C: {tag} LOGIN ann s3cret-word
            S: {tag} OK [CAPABILITY IMAP4rev1] in
            """;

    private static String longExamine() {
        return examine(0, 1, 7).replaceFirst("\n", "\n" + LONG);
    }

    private static Duration untilNextCheck(WatchKit kit, Account account) {
        Instant next = kit.watch().live(account.id()).orElseThrow().nextCheckAt();
        return next == null ? Duration.ZERO : Duration.between(kit.now(), next);
    }

    @Test
    void the_second_long_check_in_a_row_delays_the_next_one_and_a_short_one_ends_that()
            throws Exception {
        String script = LOGIN + longExamine() + longExamine() + examine(0, 1, 7) + ImapKit.GOODBYE;
        try (ScriptedServer server = ScriptedServer.playing(script);
                WatchKit kit = new WatchKit(YAML)) {
            kit.start();
            Account account = kit.register(server.port(), "ann");
            await().until(() -> !untilNextCheck(kit, account).isZero());
            assertThat(untilNextCheck(kit, account)).isLessThanOrEqualTo(INTERVAL);
            kit.awaitRest(List.of(account));
            kit.check(account);
            assertThat(untilNextCheck(kit, account))
                    .isBetween(Duration.ofSeconds(38), Duration.ofSeconds(42));
            kit.check(account);
            assertThat(untilNextCheck(kit, account)).isLessThanOrEqualTo(INTERVAL);
        }
    }
}
