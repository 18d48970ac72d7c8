package dev.mailbell.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LookupsTest {
    private static final List<InetAddress> ANSWER = List.of(InetAddress.getLoopbackAddress());

    private final CountDownLatch nameServer = new CountDownLatch(1);
    private final ConcurrentLinkedQueue<String> asked = new ConcurrentLinkedQueue<>();
    private final Lookups lookups =
            new Lookups(
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
                    1);

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
    void all_who_ask_for_a_name_at_once_share_one_lookup() throws Exception {
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<InetAddress>>> answers = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                answers.add(callers.submit(() -> lookups.lookup("slow.example", in(20_000))));
            }
            await().until(() -> asked.contains("slow.example"));
            nameServer.countDown();
            for (Future<List<InetAddress>> answer : answers) {
                assertThat(answer.get()).isEqualTo(ANSWER);
            }
        }
        // A caller that came after the first lookup had landed may have begun another.
        assertThat(asked.size()).isLessThan(50);
    }

    @Test
    void when_too_many_wait_the_next_is_refused_at_once_and_the_queue_recovers() throws Exception {
        assertThatThrownBy(() -> lookups.lookup("slow.example", in(20)))
                .isInstanceOf(SocketTimeoutException.class);
        assertThatThrownBy(() -> lookups.lookup("second.example", in(1)))
                .isInstanceOf(SocketTimeoutException.class);
        assertThatThrownBy(() -> lookups.lookup("third.example", in(20_000)))
                .isInstanceOf(LookupsBusyException.class)
                .hasMessageContaining("third.example");
        nameServer.countDown();
        await().untilAsserted(() ->
                assertThat(lookups.lookup("fourth.example", in(20_000))).isEqualTo(ANSWER));
        assertThat(asked).doesNotContain("second.example", "third.example");
    }

    @Test
    void a_failed_lookup_is_not_remembered() {
        for (String name : List.of("none.example", "odd.example", "none.example")) {
            assertThatThrownBy(() -> lookups.lookup(name, in(20_000)))
                    .isInstanceOf(UnknownHostException.class)
                    .hasMessageContaining(name)
                    .hasCauseInstanceOf(Exception.class);
        }
        assertThat(asked).hasSize(3);
    }
}
