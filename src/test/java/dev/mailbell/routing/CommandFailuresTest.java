package dev.mailbell.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.routing.node.Messages;
import dev.mailbell.routing.node.NodeUnavailableException;
import dev.mailbell.routing.node.Reply.Failure;
import dev.mailbell.routing.node.Reply.Kind;
import org.junit.jupiter.api.Test;

/** What a node answers that has another version. */
class CommandFailuresTest {
    @Test
    void a_failure_of_the_mail_server_travels() {
        MailFailure failure = new MailFailure(FailureCode.AUTH_FAILED, "no");
        assertThat(CommandFailures.exception(CommandFailures.of(failure).orElseThrow(), "two"))
                .isInstanceOfSatisfying(
                        MailFailure.class,
                        it -> assertThat(it.code()).isEqualTo(FailureCode.AUTH_FAILED));
    }

    @Test
    void a_failure_that_only_the_other_version_knows_is_one_of_the_node() {
        for (Kind kind : new Kind[] {Kind.MAIL, Kind.POSITION_REFUSED}) {
            assertThat(
                            CommandFailures.exception(
                                    new Failure(kind, "OF_A_LATER_VERSION", "no", null), "two"))
                    .isInstanceOf(NodeUnavailableException.class)
                    .hasMessageContaining("another version");
        }
    }

    @Test
    void an_answer_that_only_the_other_version_understands_is_none() {
        String check = "[{\"trigger\":\"OF_A_LATER_VERSION\"}]";
        assertThatExceptionOfType(NodeUnavailableException.class)
                .isThrownBy(() -> OwnerCommands.pastChecks(Messages.JSON.readTree(check)))
                .withMessageContaining("another version");
    }
}
