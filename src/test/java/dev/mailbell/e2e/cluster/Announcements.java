package dev.mailbell.e2e.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The POSTs that the webhook's receiver took, in the order in which they came. */
final class Announcements {
    private static final int LONGEST_HOLD_SECONDS = 60;

    private final Queue<Post> posts = new ConcurrentLinkedQueue<>();
    private final Set<String> ids = ConcurrentHashMap.newKeySet();
    private final Map<String, Count> byAccount = new ConcurrentHashMap<>();
    private final Map<String, CountDownLatch> held = new ConcurrentHashMap<>();
    private final List<String> faults = new CopyOnWriteArrayList<>();

    /**
     * One POST.
     *
     * @param id {@code webhook-id}
     * @param node the number of the sender; 0 where it was gone before it was found
     */
    record Post(String id, int node, String type, String account, long nanoTime) {}

    /** What the distinct {@code webhook-id}s say of one mailbox. */
    private static final class Count {
        private final AtomicInteger announced = new AtomicInteger();
        private int total;
    }

    void posted(String id, JsonNode body, int node) {
        JsonNode data = body.path("data");
        String type = body.path("type").stringValue();
        String account = data.path("accountId").stringValue("");
        posts.add(new Post(id, node, type, account, System.nanoTime()));
        if (type.equals("mail.new") && ids.add(id)) {
            count(id, account, data);
        }
        await(held.get(account));
    }

    private static void await(@Nullable CountDownLatch latch) {
        try {
            if (latch != null && !latch.await(LONGEST_HOLD_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("an answer was held for too long");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void count(String id, String account, JsonNode data) {
        Count count = byAccount.computeIfAbsent(account, unknown -> new Count());
        int total = data.path("total").intValue();
        synchronized (count) {
            count.announced.addAndGet(data.path("newCount").intValue());
            // Messages are never removed, so the total rises with each event.
            if (total <= count.total) {
                faults.add(
                        "account %s: %s with the total %d came after the total %d"
                                .formatted(account, id, total, count.total));
            }
            count.total = Math.max(count.total, total);
        }
    }

    /** From now on POSTs for an account wait for their answer. */
    void hold(String account) {
        held.put(account, new CountDownLatch(1));
    }

    void letGo(String account) {
        CountDownLatch latch = held.remove(account);
        if (latch != null) {
            latch.countDown();
        }
    }

    /** How many POSTs came for an account. */
    long posts(String account) {
        return posts.stream().filter(post -> post.account().equals(account)).count();
    }

    /** The sum of {@code newCount} over the distinct ids of an account. */
    int announced(String account) {
        Count count = byAccount.get(account);
        return count == null ? 0 : count.announced.get();
    }

    /** Announcements out of their order. */
    List<String> faults() {
        return faults;
    }

    List<Post> posts() {
        return new ArrayList<>(posts);
    }

    /** The distinct {@code webhook-id}s of the new mail of some accounts. */
    Set<String> ids(Set<String> accounts) {
        return posts.stream()
                .filter(post -> post.type().equals("mail.new"))
                .filter(post -> accounts.contains(post.account()))
                .map(Post::id)
                .collect(Collectors.toSet());
    }
}
