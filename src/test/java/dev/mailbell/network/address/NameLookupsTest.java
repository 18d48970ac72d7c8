package dev.mailbell.network.address;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.mailbell.fairness.ActingClient;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.Security;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NameLookupsTest {
    private static final List<InetAddress> ANSWER = List.of(InetAddress.getLoopbackAddress());

    private final CountDownLatch nameServer = new CountDownLatch(1);
    private final ConcurrentLinkedQueue<String> asked = new ConcurrentLinkedQueue<>();

    /** Its clock stands still, so that on a busy machine no lookup becomes slow meanwhile. */
    private final NameLookups lookups =
            new NameLookups(
                    name -> {
                        asked.add(name);
                        if (name.startsWith("slow")) {
                            awaitNameServer();
                        }
                        if (name.startsWith("none")) {
                            throw new UnknownHostException(name);
                        }
                        if (name.startsWith("odd")) {
                            throw new IllegalStateException("a resolver with a flaw");
                        }
                        return ANSWER;
                    },
                    1,
                    1,
                    () -> 0,
                    Duration.ofSeconds(5));

    private void awaitNameServer() {
        try {
            nameServer.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Deadline in(int millis) {
        return Deadline.after(Duration.ofMillis(millis));
    }

    @AfterEach
    void close() {
        nameServer.countDown();
        lookups.close();
    }

    @Test
    void a_silent_name_server_costs_the_caller_no_more_than_its_deadline() {
        assertThatThrownBy(() -> lookups.lookup("slow.example", in(20)))
                .isInstanceOf(SocketTimeoutException.class)
                .hasMessageContaining("slow.example");
    }

    @Test
    void concurrent_callers_for_a_name_share_one_lookup() throws Exception {
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<InetAddress>>> answers = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                answers.add(callers.submit(() -> lookups.lookup("slow.example", in(180_000))));
            }
            await().until(() -> asked.contains("slow.example"));
            nameServer.countDown();
            for (Future<List<InetAddress>> answer : answers) {
                assertThat(answer.get()).isEqualTo(ANSWER);
            }
        }
        // A caller that came after the end of the first lookup may have begun another.
        assertThat(asked.size()).isLessThan(50);
    }

    @Test
    void a_lookup_beyond_the_queue_limit_is_refused_at_once_and_the_queue_recovers()
            throws Exception {
        assertThatThrownBy(() -> lookups.lookup("slow.example", in(20)))
                .isInstanceOf(SocketTimeoutException.class);
        assertThatThrownBy(() -> lookups.lookup("second.example", in(1)))
                .isInstanceOf(SocketTimeoutException.class);
        assertThatThrownBy(() -> lookups.lookup("third.example", in(180_000)))
                .isInstanceOf(LookupsBusyException.class)
                .hasMessageContaining("third.example");
        nameServer.countDown();
        // The slow lookup ends on a thread of its own; until then the queue stays full.
        await().ignoreException(LookupsBusyException.class)
                .untilAsserted(() ->
                        assertThat(lookups.lookup("fourth.example", in(180_000)))
                                .isEqualTo(ANSWER));
        assertThat(asked).doesNotContain("second.example", "third.example");
    }

    @Test
    void a_failed_lookup_is_not_remembered() {
        for (String name : List.of("none.example", "odd.example", "none.example")) {
            assertThatThrownBy(() -> lookups.lookup(name, in(180_000)))
                    .isInstanceOf(UnknownHostException.class)
                    .hasMessageContaining(name)
                    .hasCauseInstanceOf(Exception.class);
        }
        assertThat(asked).hasSize(3);
    }

    /**
     * So a thousand accounts of a host that does not exist cause one query in 10 s. Longer would
     * keep a name away that was registered a moment ago.
     */
    @Test
    void java_remembers_a_name_without_an_address_for_ten_seconds() {
        assertThat(Security.getProperty("networkaddress.cache.negative.ttl")).isEqualTo("10");
    }

    /** A name server that is silent for some names, with a clock that the test advances. */
    private static final class Silent implements AutoCloseable {
        private static final Duration SLOW_CALLER = Duration.ofMillis(500);

        private final AtomicLong now = new AtomicLong();
        private final CountDownLatch end = new CountDownLatch(1);
        private final ConcurrentLinkedQueue<String> asked = new ConcurrentLinkedQueue<>();
        private final NameLookups lookups =
                new NameLookups(this::answer, 8, 1_000, now::get, SLOW_CALLER);

        private List<InetAddress> answer(String name) {
            asked.add(name);
            if (name.startsWith("silent")) {
                try {
                    end.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            return ANSWER;
        }

        void pass(Duration time) {
            now.addAndGet(time.toNanos());
        }

        @Override
        public void close() {
            end.countDown();
            lookups.close();
        }
    }

    @Test
    void names_whose_servers_are_silent_do_not_keep_another_name_waiting() throws Exception {
        try (Silent server = new Silent();
                var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 20; i++) {
                String name = "silent" + i + ".example";
                callers.submit(() -> server.lookups.lookup(name, in(60_000)));
            }
            await().until(() -> server.asked.size() == 8);
            server.pass(Duration.ofSeconds(2));
            await().until(() -> server.asked.size() == 16);
            server.pass(Duration.ofSeconds(2));
            await().until(() -> server.asked.size() == 20);
            assertThat(server.lookups.lookup("good.example", in(180_000))).isEqualTo(ANSWER);
            assertThat(server.asked).doesNotHaveDuplicates();
            server.end.countDown();
        }
    }

    @Test
    void lookups_that_hang_have_a_limit_and_names_that_resolved_before_have_threads_beyond_it()
            throws Exception {
        try (Silent server = new Silent();
                var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            assertThat(server.lookups.lookup("known.example", in(180_000))).isEqualTo(ANSWER);
            for (int i = 0; i < 60; i++) {
                String name = "silent" + i + ".example";
                callers.submit(() -> server.lookups.lookup(name, in(60_000)));
            }
            for (int begun = 8; begun <= 32; begun += 8) {
                int names = 1 + begun;
                await().until(() -> server.asked.size() == names);
                server.pass(Duration.ofSeconds(2));
            }
            assertThatThrownBy(() -> server.lookups.lookup("new.example", in(300)))
                    .isInstanceOf(SocketTimeoutException.class);
            assertThat(server.lookups.lookup("known.example", in(180_000))).isEqualTo(ANSWER);
            assertThat(server.asked).hasSize(1 + 32 + 1);
            server.end.countDown();
        }
    }

    @Test
    void a_name_whose_lookup_timed_out_fails_for_half_a_minute_without_a_lookup() throws Exception {
        try (Silent server = new Silent();
                var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<List<InetAddress>> waits =
                    callers.submit(() -> server.lookups.lookup("silent.example", in(2_000)));
            await().until(() -> server.asked.size() == 1);
            server.pass(Duration.ofSeconds(6));
            assertThatThrownBy(waits::get).hasCauseInstanceOf(SocketTimeoutException.class);
            // On a busy machine the first caller may have given up before the time passed.
            await().untilAsserted(() ->
                    assertThatThrownBy(() -> server.lookups.lookup("silent.example", in(2_000)))
                            .isInstanceOf(SocketTimeoutException.class)
                            .hasMessageContaining("a moment ago"));
            server.pass(Duration.ofSeconds(31));
            server.end.countDown();
            assertThat(server.lookups.lookup("silent.example", in(180_000))).isEqualTo(ANSWER);
        }
    }

    @Test
    void a_queued_lookup_fails_when_the_daemon_stops() throws Exception {
        assertThatThrownBy(() -> lookups.lookup("slow.example", in(20)))
                .isInstanceOf(SocketTimeoutException.class);
        FutureTask<List<InetAddress>> second =
                new FutureTask<>(() -> lookups.lookup("second.example", in(180_000)));
        Thread caller = Thread.ofVirtual().start(second);
        await().until(() -> caller.getState() == Thread.State.TIMED_WAITING);
        lookups.close();
        assertThatThrownBy(second::get).hasCauseInstanceOf(SocketTimeoutException.class);
        assertThat(asked).containsExactly("slow.example");
    }

    @Test
    void a_client_with_ten_thousand_silent_names_does_not_delay_anothers() throws Exception {
        UUID client = new UUID(0, 1);
        UUID other = new UUID(0, 2);
        try (Silent server = new Silent();
                var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            ActingClient.run(other, () -> assertResolves(server, "other.example"));
            for (int i = 0; i < 10_000; i++) {
                String name = "silent" + i + ".example";
                callers.submit(
                        () -> ActingClient.call(client, () -> failure(server, name, in(600_000))));
            }
            // 8 threads, and 32 lookups with the slow ones: an eighth of them is left.
            for (int begun : List.of(7, 14, 21, 28)) {
                await().until(() -> server.asked.size() == 1 + begun);
                server.pass(Duration.ofSeconds(2));
            }
            ActingClient.run(other, () -> assertResolves(server, "new.example"));
            assertThat(server.asked).hasSize(1 + 28 + 1);
            server.end.countDown();
            callers.shutdownNow();
        }
    }

    private static void assertResolves(Silent server, String name) {
        try {
            assertThat(server.lookups.lookup(name, in(180_000))).isEqualTo(ANSWER);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static String failure(Silent server, String name, Deadline deadline) {
        try {
            return server.lookups.lookup(name, deadline).toString();
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }
}
