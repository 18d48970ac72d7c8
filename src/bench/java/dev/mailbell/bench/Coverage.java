package dev.mailbell.bench;

import dev.mailbell.bench.sim.Latencies;
import dev.mailbell.bench.sim.SessionListener;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Which mailboxes are watched, as the mail server sees it: from the end of the last session until
 * one waits in IDLE a mailbox is not. Also counts mailboxes with two sessions at once.
 */
final class Coverage implements SessionListener {
    private final User[] users;
    private final Latencies gaps = new Latencies();
    private final Latencies doubled = new Latencies();
    private final Map<String, LongAdder> logins = new ConcurrentHashMap<>();

    private static final class User {
        private int sessions;
        private String client = "";
        private long endedAt;
        private boolean isWatched;
        private boolean wasWatched;
        private long doubledAt;
    }

    Coverage(int count) {
        users = new User[count];
        Arrays.setAll(users, i -> new User());
    }

    @Override
    public void loggedIn(int number, String client, long nanoTime) {
        User user = users[number];
        synchronized (user) {
            user.client = client;
            if (++user.sessions == 2) {
                user.doubledAt = nanoTime;
            }
        }
        logins.computeIfAbsent(client, address -> new LongAdder()).increment();
    }

    @Override
    public void idles(int number, long nanoTime) {
        User user = users[number];
        synchronized (user) {
            if (!user.isWatched && user.wasWatched) {
                gaps.add(number, user.endedAt, nanoTime - user.endedAt);
            }
            user.isWatched = true;
            user.wasWatched = true;
        }
    }

    @Override
    public void ended(int number, long nanoTime) {
        User user = users[number];
        synchronized (user) {
            if (--user.sessions == 1) {
                doubled.add(number, user.doubledAt, nanoTime - user.doubledAt);
            } else if (user.sessions == 0) {
                user.isWatched = false;
                user.endedAt = nanoTime;
            }
        }
    }

    /** How many mailboxes have no session that waits or works after having waited. */
    int unwatched() {
        int count = 0;
        for (User user : users) {
            synchronized (user) {
                count += user.isWatched ? 0 : 1;
            }
        }
        return count;
    }

    /** The address of the node that logged in to a mailbox last. */
    String clientOf(int number) {
        User user = users[number];
        synchronized (user) {
            return user.client;
        }
    }

    /** How many sessions came from an address so far. */
    long logins(String client) {
        LongAdder count = logins.get(client);
        return count == null ? 0 : count.sum();
    }

    /** How long mailboxes were not watched; those that are not now are not among them. */
    Latencies gaps() {
        return gaps;
    }

    /** How long mailboxes had two sessions; those that have now are not among them. */
    Latencies doubled() {
        return doubled;
    }

    /** How many mailboxes have two sessions now. */
    int doubledNow() {
        int count = 0;
        for (User user : users) {
            synchronized (user) {
                count += user.sessions > 1 ? 1 : 0;
            }
        }
        return count;
    }
}
