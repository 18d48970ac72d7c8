package dev.mailbell.mail.pop3;

import static dev.mailbell.mail.pop3.Pop3Kit.LONG;
import static dev.mailbell.mail.pop3.Pop3Kit.PASSWORD;
import static dev.mailbell.mail.pop3.Pop3Kit.check;
import static dev.mailbell.mail.pop3.Pop3Kit.login;
import static dev.mailbell.mail.pop3.Pop3Kit.sessions;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.icegreen.greenmail.store.FolderException;
import com.icegreen.greenmail.user.GreenMailUser;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.GreenMailUtil;
import com.icegreen.greenmail.util.ServerSetup;
import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3Observation;
import dev.mailbell.detection.Pop3Observation.Full;
import dev.mailbell.detection.Pop3Observation.Tail;
import dev.mailbell.detection.Pop3Observation.Unchanged;
import dev.mailbell.detection.messages.MessageListing;
import dev.mailbell.mail.Credential.Password;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.servers.TestGreenMail;
import dev.mailbell.network.Deadline;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against the server of the demo, which has no PIPELINING. */
class Pop3GreenMailTest {
    private static final String ANN = "ann@mail.example";

    private final GreenMail greenMail = TestGreenMail.of(ServerSetup.PROTOCOL_POP3);

    @BeforeEach
    void start() {
        greenMail.start();
        greenMail.setUser(ANN, ANN, PASSWORD);
    }

    @AfterEach
    void stop() {
        greenMail.stop();
    }

    private MailSession open(String password) {
        return sessions()
                .open(
                        login(
                                greenMail.getPop3().getPort(),
                                Security.NONE,
                                ANN,
                                new Password(password)),
                        Deadline.after(LONG));
    }

    private Pop3Observation checked(@Nullable Pop3Mark mark) {
        try (MailSession session = open(PASSWORD)) {
            return check(session, mark);
        }
    }

    private void deliver(String subject) {
        GreenMailUser user = greenMail.getUserManager().getUser(ANN);
        user.deliver(
                GreenMailUtil.createTextEmail(
                        ANN, "bob@mail.example", subject, "Hello.", ServerSetup.POP3));
    }

    @Test
    void arrivals_and_deletions_are_seen_as_angus_sees_them() throws FolderException {
        Full empty = (Full) checked(null);
        assertThat(checked(empty.mark())).isEqualTo(new Unchanged());
        deliver("one");
        deliver("two");
        Full two = (Full) checked(empty.mark());
        MessageListing expected = AngusOracle.listing(greenMail.getPop3().getPort(), ANN, PASSWORD);
        assertThat(two.messages().numbers()).isEqualTo(expected.numbers());
        assertThat(two.messages().keys()).isEqualTo(expected.keys());
        assertThat(two.messages().sizes()).isEqualTo(expected.sizes());
        assertThat(checked(two.mark())).isEqualTo(new Unchanged());
        deliver("three");
        Pop3Observation three = checked(two.mark());
        assertThat(three).isInstanceOf(Tail.class);
        greenMail.purgeEmailFromAllMailboxes();
        deliver("four");
        Full four = (Full) checked(((Tail) three).mark());
        assertThat(four.messages().size()).isEqualTo(1);
    }

    @Test
    void envelopes_are_read_and_a_wrong_password_is_one() {
        deliver("hello");
        try (MailSession session = open(PASSWORD)) {
            assertThat(session.envelopes(List.of(1L)).getFirst().subject()).isEqualTo("hello");
        }
        assertThat(catchThrowableOfType(MailFailure.class, () -> open("wrong")).code())
                .isEqualTo(FailureCode.AUTH_FAILED);
    }
}
