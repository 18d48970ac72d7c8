package dev.mailbell.mail.pop3;

import static dev.mailbell.mail.pop3.Pop3Kit.LONG;
import static dev.mailbell.mail.pop3.Pop3Kit.PASSWORD;
import static dev.mailbell.mail.pop3.Pop3Kit.assertListed;
import static dev.mailbell.mail.pop3.Pop3Kit.check;
import static dev.mailbell.mail.pop3.Pop3Kit.login;
import static dev.mailbell.mail.pop3.Pop3Kit.sessions;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3Observation;
import dev.mailbell.detection.Pop3Observation.Full;
import dev.mailbell.detection.Pop3Observation.Tail;
import dev.mailbell.detection.Pop3Observation.Unchanged;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Providers as they talk; the addresses are invented. */
class Pop3TranscriptTest {
    private static ScriptedServer provider(String name) {
        return ScriptedServer.playingResource("transcripts/pop3/" + name + ".txt");
    }

    private static MailSession open(ScriptedServer server, String user) {
        return sessions()
                .open(
                        login(
                                server.port(),
                                Security.NONE,
                                user,
                                new Credential.Password(PASSWORD)),
                        Deadline.after(LONG));
    }

    private static Pop3Observation checked(
            ScriptedServer server, String user, @Nullable Pop3Mark mark) {
        try (MailSession session = open(server, user)) {
            return check(session, mark);
        }
    }

    @Test
    void sina_has_no_capa_and_uids_in_no_order() throws IOException {
        try (ScriptedServer server = provider("sina")) {
            Full first = (Full) checked(server, "ann@sina.example", null);
            assertThat(first.mark().total()).isEqualTo(2);
            assertThat(first.mark().topUid()).hasSize(48).endsWith("01");
            Tail next = (Tail) checked(server, "ann@sina.example", first.mark());
            assertListed(
                    next.messages(), 3, "0000017a3c70ffee0047d25e8f3a6c09d4e7b12f589a3c02", 818);
        }
    }

    @Test
    void coremail_of_163_puts_brackets_where_no_codes_are() throws IOException {
        try (ScriptedServer server = provider("163")) {
            Full first = (Full) checked(server, "ann@163.example", null);
            assertThat(first.mark().octets()).isEqualTo(3_603_306);
            assertThat(checked(server, "ann@163.example", first.mark())).isEqualTo(new Unchanged());
        }
    }

    @Test
    void qq_wants_an_authorisation_code_and_has_one_text_for_everything() throws IOException {
        try (ScriptedServer server = provider("qq")) {
            MailFailure failure =
                    catchThrowableOfType(MailFailure.class, () -> open(server, "ann@qq.example"));
            assertThat(failure.code()).isEqualTo(FailureCode.AUTH_FAILED);
            assertThat(failure).hasMessageContaining("service is not open");
        }
    }
}
