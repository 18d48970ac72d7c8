package dev.mailbell.watch.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mailbell.fairness.KnownClients;
import dev.mailbell.mail.EgressFailure;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class CheckAdmissionTest {
    /** Of them 8 are for the schedule, 4 for pushed mail, 4 for requests. */
    private static final int PLACES = 16;

    private static final UUID CLIENT = new UUID(0, 1);
    private static final UUID OTHER = new UUID(0, 2);

    private static final MailFailure TIMEOUT = new MailFailure(FailureCode.TIMEOUT, "silent");
    private static final MailFailure BROKEN = new MailFailure(FailureCode.SERVER_ERROR, "broken");

    private final AtomicLong now = new AtomicLong();
    private final CheckAdmission admission =
            new CheckAdmission(PLACES, new KnownClients(), now::get);
    private final List<CheckPermit> running = new ArrayList<>();
    private final List<RuntimeException> refused = new ArrayList<>();

    private AdmissionRequest submit(CheckKind kind, String server, boolean retry) {
        return submit(kind, of(CLIENT, server), retry);
    }

    private static CheckedServer of(UUID client, String server) {
        return new CheckedServer(client, server);
    }

    private AdmissionRequest submit(CheckKind kind, CheckedServer server, boolean retry) {
        AdmissionRequest request =
                admission.request(
                        kind,
                        server,
                        retry,
                        new AdmissionRequest.Answer() {
                            @Override
                            public void granted(CheckPermit permit) {
                                running.add(permit);
                            }

                            @Override
                            public void refused(RuntimeException why) {
                                refused.add(why);
                            }
                        });
        admission.submit(request);
        return request;
    }

    private void submit(int count, CheckKind kind, String server) {
        for (int i = 0; i < count; i++) {
            submit(kind, server, false);
        }
    }

    private long running(String server) {
        return running.stream()
                .filter(permit -> permit.request().server().name().equals(server))
                .count();
    }

    private void end(CheckPermit permit) {
        running.remove(permit);
        permit.close();
    }

    /** The next check of the server that was let in first. */
    private CheckPermit oldest(String server) {
        return running.stream()
                .filter(permit -> permit.request().server().name().equals(server))
                .findFirst()
                .orElseThrow();
    }

    private void answers(String server) {
        submit(CheckKind.SCHEDULED, server, false);
        CheckPermit permit = oldest(server);
        permit.succeeded();
        end(permit);
    }

    private void timesOut(String server) {
        CheckPermit permit = oldest(server);
        permit.failed(TIMEOUT);
        end(permit);
    }

    /** A server that has answered has its permits taken, and so many checks time out. */
    private void fallsSilent(String server, int times) {
        answers(server);
        submit(4, CheckKind.SCHEDULED, server);
        for (int i = 0; i < times; i++) {
            timesOut(server);
        }
    }

    /** A caller waits for a check of the server for a moment. */
    private CheckPermit request(String server) {
        return admission.acquire(
                CheckKind.ON_DEMAND,
                of(CLIENT, server),
                false,
                Deadline.after(Duration.ofMillis(5)));
    }

    @Test
    void a_server_that_answers_has_half_of_the_permits_at_most_and_another_runs_at_once() {
        answers("a");
        answers("b");
        submit(240, CheckKind.SCHEDULED, "a");
        assertThat(running("a")).isEqualTo(4);
        submit(CheckKind.SCHEDULED, "b", false);
        assertThat(running("b")).isEqualTo(1);
    }

    @Test
    void a_server_behind_a_way_out_that_is_silent_is_silent_and_behind_a_broken_one_fails() {
        MailFailure broken = new EgressFailure("refused", new ConnectException());
        MailFailure silent =
                new EgressFailure("late", new IOException(new SocketTimeoutException()));
        assertThat(ended(broken)).isEqualTo(CheckPermit.Ended.FAILED);
        assertThat(ended(broken.withReason("shown"))).isEqualTo(CheckPermit.Ended.FAILED);
        assertThat(ended(silent)).isEqualTo(CheckPermit.Ended.SILENT);
        assertThat(ended(silent.withReason("shown"))).isEqualTo(CheckPermit.Ended.SILENT);
        assertThat(silent.withReason("shown").isOfHost()).isFalse();
    }

    private CheckPermit.Ended ended(MailFailure failure) {
        submit(CheckKind.SCHEDULED, "a", false);
        CheckPermit permit = oldest("a");
        permit.failed(failure);
        end(permit);
        return permit.ended();
    }

    @Test
    void pushed_mail_and_requests_have_permits_of_their_own() {
        for (String server : List.of("a", "b", "c", "d")) {
            answers(server);
        }
        for (String server : List.of("a", "b", "c", "d")) {
            submit(100, CheckKind.SCHEDULED, server);
        }
        assertThat(running).hasSize(8);
        submit(CheckKind.PUSHED, "a", false);
        submit(CheckKind.ON_DEMAND, "b", false);
        assertThat(running).hasSize(10);
        assertThat(admission.status(CheckKind.SCHEDULED).waiting()).isEqualTo(392);
    }

    @Test
    void servers_whose_checks_wait_alternate() {
        List<String> servers = List.of("a", "b", "c");
        servers.forEach(this::answers);
        submit(50, CheckKind.SCHEDULED, "a");
        submit(50, CheckKind.SCHEDULED, "b");
        submit(5, CheckKind.SCHEDULED, "c");
        List<String> ended = new ArrayList<>();
        while (ended.size() < 15) {
            CheckPermit first = running.getFirst();
            ended.add(first.request().server().name());
            first.succeeded();
            end(first);
        }
        // The four that a and b began with are done, then each has a turn in three.
        assertThat(ended.subList(8, 15)).contains("a", "b", "c");
        assertThat(ended.stream().filter("c"::equals)).hasSizeGreaterThanOrEqualTo(2);
    }

    @Test
    void a_server_that_is_silent_is_probed_by_one_check_at_a_time() {
        answers("a");
        submit(240, CheckKind.SCHEDULED, "a");
        for (int i = 0; i < 3; i++) {
            timesOut("a");
        }
        // Those that were let in before run on; no other begins until they have ended.
        while (running("a") > 1) {
            timesOut("a");
        }
        assertThat(running("a")).isEqualTo(1);
    }

    @Test
    void what_waited_when_a_probe_began_fails_with_it_and_holds_no_permit() {
        fallsSilent("a", 3);
        now.addAndGet(1);
        submit(10, CheckKind.SCHEDULED, "a");
        timesOut("a");
        assertThat(running("a")).isEqualTo(1);
        assertThat(refused).isEmpty();
        now.addAndGet(1);
        submit(CheckKind.SCHEDULED, "a", false);
        timesOut("a");
        assertThat(refused)
                .hasSize(9)
                .allSatisfy(why ->
                        assertThat(why)
                                .isInstanceOf(MailFailure.class)
                                .hasMessageContaining("did not answer several checks in a row"));
        // The one that came later is the next probe.
        assertThat(running("a")).isEqualTo(1);
        assertThat(admission.status(CheckKind.SCHEDULED).waiting()).isZero();
    }

    @Test
    void accounts_that_failed_before_do_not_speak_for_one_that_did_not() {
        answers("a");
        for (int i = 0; i < 4; i++) {
            submit(CheckKind.SCHEDULED, "a", true);
        }
        for (int i = 0; i < 3; i++) {
            timesOut("a");
        }
        now.addAndGet(1);
        submit(CheckKind.SCHEDULED, "a", true);
        submit(CheckKind.SCHEDULED, "a", false);
        timesOut("a");
        assertThat(refused).isEmpty();
        assertThat(oldest("a").request().isRetry()).isFalse();
        oldest("a").succeeded();
        end(oldest("a"));
        assertThat(admission.status(CheckKind.SCHEDULED).waiting()).isZero();
    }

    @Test
    void a_server_that_answers_again_has_its_share_at_once() {
        fallsSilent("a", 4);
        submit(20, CheckKind.SCHEDULED, "a");
        assertThat(running("a")).isEqualTo(1);
        oldest("a").succeeded();
        end(oldest("a"));
        assertThat(running("a")).isEqualTo(4);
    }

    @Test
    void servers_that_never_answered_leave_half_of_the_permits_to_others() {
        answers("good");
        for (int i = 0; i < 300; i++) {
            submit(CheckKind.SCHEDULED, "new" + i, false);
        }
        assertThat(running).hasSize(4);
        submit(CheckKind.SCHEDULED, "good", false);
        assertThat(running("good")).isEqualTo(1);
    }

    @Test
    void servers_that_fail_have_a_quarter_of_the_permits_together() {
        for (int i = 0; i < 40; i++) {
            String server = "bad" + i;
            submit(CheckKind.SCHEDULED, server, false);
            CheckPermit permit = oldest(server);
            permit.failed(BROKEN);
            end(permit);
        }
        for (int i = 0; i < 40; i++) {
            submit(CheckKind.SCHEDULED, "bad" + i, true);
        }
        assertThat(running).hasSize(2);
        submit(CheckKind.SCHEDULED, "new", false);
        assertThat(running("new")).isEqualTo(1);
    }

    @Test
    void a_request_that_gets_no_permit_by_its_deadline_says_that_this_node_is_at_fault() {
        answers("a");
        submit(2, CheckKind.ON_DEMAND, "a");
        assertThatThrownBy(() -> request("a")).isInstanceOf(NoRoomException.class);
        assertThat(admission.status(CheckKind.ON_DEMAND).waiting()).isZero();
        submit(100, CheckKind.ON_DEMAND, "a");
        submit(CheckKind.ON_DEMAND, "a", false);
        assertThat(refused).singleElement().isInstanceOf(NoRoomException.class);
    }

    @Test
    void a_request_that_waits_for_a_silent_server_says_so() {
        fallsSilent("a", 4);
        submit(CheckKind.ON_DEMAND, "a", false);
        assertThatThrownBy(() -> request("a"))
                .isInstanceOfSatisfying(
                        MailFailure.class,
                        failure -> assertThat(failure.code()).isEqualTo(FailureCode.TIMEOUT));
    }

    @Test
    void what_is_cancelled_holds_no_permit_and_more_permits_are_used_at_once() {
        answers("a");
        List<AdmissionRequest> requests = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            requests.add(submit(CheckKind.SCHEDULED, "a", false));
        }
        requests.subList(4, 10).forEach(AdmissionRequest::cancel);
        assertThat(admission.status(CheckKind.SCHEDULED).waiting()).isEqualTo(10);
        admission.resize(32);
        assertThat(running("a")).isEqualTo(8);
        admission.stop();
        assertThat(refused).hasSize(6).hasOnlyElementsOfType(NotWatchedException.class);
        List.copyOf(running).forEach(this::end);
        assertThat(admission.isIdle()).isTrue();
    }

    @Test
    void servers_whose_checks_were_never_begun_are_not_remembered() {
        for (int i = 0; i < 4; i++) {
            submit(CheckKind.SCHEDULED, "new" + i, false);
        }
        for (int i = 0; i < 100; i++) {
            submit(CheckKind.SCHEDULED, "gone" + i, false).cancel();
        }
        assertThat(running).hasSize(4);
        assertThat(admission.serversKnown()).isEqualTo(4);
        admission.stop();
        submit(CheckKind.SCHEDULED, "late", false);
        assertThat(refused).hasSize(1);
        assertThat(admission.serversKnown()).isEqualTo(4);
    }

    private long running(UUID client) {
        return running.stream()
                .filter(permit -> permit.request().server().client().equals(client))
                .count();
    }

    /** A check of the client succeeds at each of so many servers. */
    private void answers(UUID client, int servers) {
        for (int i = 0; i < servers; i++) {
            submit(CheckKind.SCHEDULED, of(client, "s" + i), false);
            CheckPermit permit = running.getLast();
            permit.succeeded();
            end(permit);
        }
    }

    @Test
    void a_client_with_ten_thousand_waiting_checks_does_not_delay_anothers() {
        answers(CLIENT, 100);
        answers(OTHER, 1);
        for (int i = 0; i < 10_000; i++) {
            submit(CheckKind.SCHEDULED, of(CLIENT, "s" + i % 100), false);
        }
        assertThat(running(CLIENT)).as("an eighth is left").isEqualTo(7);
        submit(CheckKind.SCHEDULED, of(OTHER, "s0"), false);
        assertThat(running(OTHER)).isEqualTo(1);
        // Of those that wait the next one is of the client whose turn it is.
        submit(CheckKind.SCHEDULED, of(OTHER, "s0"), false);
        submit(CheckKind.SCHEDULED, of(OTHER, "s0"), false);
        assertThat(running(OTHER)).isEqualTo(1);
        end(running.getFirst());
        assertThat(running(OTHER)).isEqualTo(2);
    }

    @Test
    void a_client_that_is_alone_has_all_permits() {
        answers(CLIENT, 100);
        for (int i = 0; i < 100; i++) {
            submit(CheckKind.SCHEDULED, of(CLIENT, "s" + i), false);
        }
        assertThat(running(CLIENT)).isEqualTo(8);
    }

    @Test
    void ten_thousand_new_servers_of_a_client_do_not_delay_a_new_one_of_another() {
        submit(CheckKind.SCHEDULED, of(OTHER, "first"), false);
        CheckPermit known = running.getFirst();
        end(known);
        for (int i = 0; i < 10_000; i++) {
            submit(CheckKind.SCHEDULED, of(CLIENT, "new" + i), false);
        }
        assertThat(running(CLIENT)).isEqualTo(3);
        submit(CheckKind.SCHEDULED, of(OTHER, "second"), false);
        assertThat(running(OTHER)).isEqualTo(1);
    }

    @Test
    void accounts_of_a_client_that_hang_at_a_server_do_not_speak_for_those_of_another() {
        answers("a");
        CheckedServer others = of(OTHER, "a");
        submit(CheckKind.SCHEDULED, others, false);
        end(running.getFirst());
        submit(10, CheckKind.SCHEDULED, "a");
        submit(CheckKind.SCHEDULED, others, false);
        while (running(CLIENT) > 0) {
            CheckPermit ofClient =
                    running.stream()
                            .filter(permit -> permit.request().server().client().equals(CLIENT))
                            .findFirst()
                            .orElseThrow();
            ofClient.failed(TIMEOUT);
            end(ofClient);
            now.addAndGet(1);
        }
        assertThat(refused).isNotEmpty();
        assertThat(running(OTHER)).isEqualTo(1);
        submit(CheckKind.SCHEDULED, others, false);
        assertThat(running(OTHER)).as("the server is not silent for it").isEqualTo(2);
    }

    @Test
    void requests_of_a_client_leave_places_in_the_queue_to_another() {
        answers(CLIENT, 100);
        answers(OTHER, 1);
        submit(CheckKind.ON_DEMAND, of(OTHER, "s0"), false);
        for (int i = 0; i < 2_000; i++) {
            submit(CheckKind.ON_DEMAND, of(CLIENT, "s" + i % 100), false);
        }
        assertThat(refused).isNotEmpty().hasOnlyElementsOfType(NoRoomException.class);
        int before = refused.size();
        submit(CheckKind.ON_DEMAND, of(CLIENT, "s0"), false);
        assertThat(refused).hasSize(before + 1);
        submit(CheckKind.ON_DEMAND, of(OTHER, "s0"), false);
        assertThat(refused).hasSize(before + 1);
    }

    @Test
    void a_client_with_many_servers_does_not_make_this_node_forget_those_of_another() {
        answers(OTHER, 1);
        answers(CLIENT, 10_100);
        assertThat(admission.serversKnown()).isEqualTo(10_000);
        submit(4, CheckKind.SCHEDULED, "new");
        for (int i = 0; i < 4; i++) {
            submit(CheckKind.SCHEDULED, of(OTHER, "s0"), false);
        }
        assertThat(running(OTHER)).as("as at a server that answers").isGreaterThan(2);
    }
}
