package dev.mailbell.watch;

import static dev.mailbell.network.socket.ScriptedProxy.connectsTo;
import static dev.mailbell.network.socket.ScriptedProxy.hears;
import static dev.mailbell.network.socket.ScriptedProxy.sends;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.MailSettings;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.scripted.FakeImap;
import dev.mailbell.network.socket.ScriptedProxy;
import dev.mailbell.network.tls.TlsTrust;
import dev.mailbell.watch.AccountCommands.Verified;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Accounts whose connections take a way out. */
class WayOutTest {
    private static final LoginSecret SECRET = new LoginSecret.Password("s3cret-word");

    private final FakeImap server = new FakeImap();
    private final ScriptedProxy refusing = new ScriptedProxy(sends("05 ff"));
    private final ScriptedProxy working =
            new ScriptedProxy(
                    hears(3),
                    sends("05 00"),
                    hears(10),
                    sends("05 00 00 01 00000000 0000"),
                    connectsTo(server.port()));
    private final WatchKit kit = new WatchKit(by(refusing));

    @AfterEach
    void close() throws Exception {
        kit.close();
        refusing.close();
        working.close();
        server.close();
    }

    private static String by(ScriptedProxy proxy) {
        return """
        network: { egress: { tokyo: { url: "socks5://127.0.0.1:%d" } } }
        providers: [ { match: ["127.0.0.1"], egress: tokyo } ]
        """
                .formatted(proxy.port());
    }

    @Test
    void an_account_is_tried_again_until_its_way_out_works() {
        kit.start();
        Account account = kit.register(server.port(), "ann");
        await().untilAsserted(() ->
                assertThat(kit.accounts.find(account.id()).orElseThrow().failure())
                        .satisfies(failure -> {
                            assertThat(failure).isNotNull();
                            assertThat(failure.code()).isEqualTo(FailureCode.CONNECT_FAILED);
                            assertThat(failure.message())
                                    .contains("the way out \"tokyo\" wants a user");
                        }));
        assertThat(server.logins()).isEmpty();

        kit.reload(by(working));
        // No wait for its rest: it may be back before, and waits for push then.
        kit.passUntil(Duration.ofHours(1), () -> kit.mode(account).equals("idle"));
        assertThat(working.heard).hasSize(2);
    }

    @Test
    void a_way_out_that_fails_does_not_show_that_a_server_answers() {
        kit.reload("");
        kit.start();
        Account account = kit.register(server.port(), "ann");
        await().until(() -> kit.mode(account).equals("idle"));
        server.away(true);
        await().until(() -> kit.mode(account).equals("null"));
        kit.awaitRest(List.of(account));
        kit.pass(Duration.ofMinutes(30));
        await().until(() -> !kit.service().status().trouble().isEmpty());

        kit.reload(by(refusing));
        kit.awaitRest(List.of(account));
        kit.pass(Duration.ofHours(1));
        await().untilAsserted(() ->
                assertThat(kit.accounts.find(account.id()).orElseThrow().failure())
                        .satisfies(failure -> {
                            assertThat(failure).isNotNull();
                            assertThat(failure.message()).contains("the way out \"tokyo\"");
                        }));
        // The check that failed may be late for a moment.
        await().untilAsserted(() ->
                assertThat(kit.service().status().trouble())
                        .singleElement()
                        .asString()
                        .contains("no check has"));
    }

    @Test
    void an_account_whose_way_out_is_gone_goes_no_other_way() {
        kit.reload("");
        kit.start();
        Account direct = kit.store(server.port(), "ann", List.of("INBOX"));
        MailSettings mail = direct.mail();
        Account account =
                new Account(
                        direct.id(),
                        direct.clientId(),
                        null,
                        direct.address(),
                        new MailSettings(
                                mail.protocol(),
                                mail.host(),
                                mail.port(),
                                mail.security(),
                                mail.username(),
                                mail.auth(),
                                new TlsTrust(true, null),
                                "osaka"),
                        direct.credential(),
                        null,
                        direct.mailboxes(),
                        direct.watch(),
                        direct.labels(),
                        direct.state(),
                        direct.stateSince(),
                        null,
                        null,
                        direct.createdAt(),
                        direct.updatedAt());
        assertThat(kit.verify(account, SECRET))
                .isInstanceOfSatisfying(
                        Verified.Fails.class,
                        fails -> {
                            assertThat(fails.code()).isEqualTo(FailureCode.CONNECT_FAILED);
                            assertThat(fails.message())
                                    .contains("the way out \"osaka\" is not configured");
                        });
        assertThat(server.logins()).isEmpty();
        assertThat(kit.verify(direct, SECRET)).isInstanceOf(Verified.Works.class);
    }
}
