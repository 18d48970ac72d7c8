package dev.mailbell.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.client.ClientStore;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.event.FeedNotifier.Listener;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FeedNotifierTest {
    private static final Database DATABASE = TestDatabase.create();
    private static final UUID CLIENT = ClientStore.DEFAULT;
    private static final Duration LONG = Duration.ofMinutes(1);

    private final FeedNotifier notifier = new FeedNotifier(DATABASE.jdbi());

    @AfterEach
    void close() {
        notifier.close();
    }

    @AfterAll
    static void drop() {
        DATABASE.close();
    }

    /** A listener that has taken the notification of its first poll. */
    private Listener listener() throws InterruptedException {
        Listener listener = notifier.listen(CLIENT);
        assertThat(listener.await(LONG)).isTrue();
        return listener;
    }

    @Test
    void a_commit_of_this_node_notifies_all_listeners_of_the_client() throws Exception {
        try (Listener first = listener();
                Listener second = notifier.listen(CLIENT)) {
            notifier.committed(CLIENT);
            assertThat(first.await(LONG)).isTrue();
            assertThat(second.await(LONG)).isTrue();
        }
    }

    @Test
    void a_notification_between_two_waits_is_not_lost() throws Exception {
        try (Listener listener = listener()) {
            notifier.committed(CLIENT);
            notifier.committed(CLIENT);
            assertThat(listener.await(Duration.ZERO)).isTrue();
            assertThat(listener.await(Duration.ZERO)).isFalse();
        }
    }

    @Test
    void a_commit_for_another_client_does_not_notify() throws Exception {
        try (Listener listener = listener()) {
            notifier.committed(Ids.next());
            assertThat(listener.await(Duration.ZERO)).isFalse();
        }
    }

    @Test
    void an_event_that_another_node_committed_notifies() throws Exception {
        try (Listener listener = listener()) {
            Event event =
                    new Event(
                            Ids.next(), CLIENT, null, EventType.WEBHOOK_TEST, Instant.now(), "{}");
            DATABASE.jdbi()
                    .useHandle(handle -> EventStore.insert(event).update(handle.getConnection()));
            assertThat(listener.await(LONG)).isTrue();
        }
    }

    /** Transactions of one node, which commit in another order than they began. */
    private static List<UUID> commitShuffled(FeedNotifier node, long seed) throws Exception {
        Random random = new Random(seed);
        List<UUID> ids = new ArrayList<>();
        List<Connection> open = new ArrayList<>();
        while (ids.size() < 40 || !open.isEmpty()) {
            boolean begin = open.size() < 2 || (open.size() < 5 && random.nextBoolean());
            if (begin && ids.size() < 40) {
                Connection connection = DATABASE.ownConnection(Duration.ofSeconds(30));
                connection.setAutoCommit(false);
                Event event =
                        new Event(
                                Ids.next(),
                                CLIENT,
                                null,
                                EventType.WEBHOOK_TEST,
                                Instant.now(),
                                "{}");
                EventStore.insert(event).update(connection);
                ids.add(event.id());
                open.add(connection);
            } else {
                try (Connection next = open.remove(random.nextInt(open.size()))) {
                    next.commit();
                }
                node.committed(CLIENT);
            }
        }
        return ids;
    }

    @Test
    void a_stream_at_one_node_has_the_events_of_another_in_the_order_of_the_feed()
            throws Exception {
        EventStore events = new EventStore(DATABASE.jdbi());
        DATABASE.jdbi().useHandle(handle -> handle.execute("delete from event"));
        long seed = System.nanoTime();
        List<UUID> streamed = new ArrayList<>();
        try (FeedNotifier other = new FeedNotifier(DATABASE.jdbi());
                Listener listener = notifier.listen(CLIENT);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<List<UUID>> here = threads.submit(() -> commitShuffled(notifier, seed));
            Future<List<UUID>> there = threads.submit(() -> commitShuffled(other, seed + 1));
            while (streamed.size() < 80) {
                assertThat(listener.await(LONG)).as("seed " + seed).isTrue();
                List<Event> page;
                do {
                    UUID last = streamed.isEmpty() ? null : streamed.getLast();
                    page = events.after(CLIENT, last, null, null, 7);
                    page.forEach(event -> streamed.add(event.id()));
                } while (!page.isEmpty());
            }
            List<UUID> written = new ArrayList<>(here.get());
            written.addAll(there.get());
            assertThat(streamed).as("seed " + seed).containsExactlyInAnyOrderElementsOf(written);
        }
        List<UUID> feed =
                events.after(CLIENT, null, null, null, 100).stream().map(Event::id).toList();
        assertThat(streamed).as("seed " + seed).isEqualTo(feed);
    }

    @Test
    void a_closed_listener_is_not_notified() throws Exception {
        Listener listener = listener();
        listener.close();
        notifier.committed(CLIENT);
        assertThat(listener.await(Duration.ZERO)).isFalse();
    }

    @Test
    void closing_wakes_every_listener() throws Exception {
        try (Listener listener = listener()) {
            notifier.close();
            assertThat(listener.await(LONG)).isTrue();
        }
    }
}
