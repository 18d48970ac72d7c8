package dev.mailbell.bench.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Every message that was put into a mailbox, held against every message that webhooks were told of:
 * the sums must be the same for each mailbox and webhook, a {@code webhook-id} counted once.
 *
 * <p>The deliveries of a mailbox arrive in order, so that the n-th message told is the n-th that
 * came: that gives each its latency.
 */
public final class Ledger {
    private static final int SHOWN = 5;

    private final int webhooks;
    private final Audience audience;
    private final Box[] boxes;
    private final Map<UUID, Box> byAccount = new ConcurrentHashMap<>();
    private final Set<String> ids = ConcurrentHashMap.newKeySet();
    private final Latencies latencies = new Latencies();
    private final LongAdder came = new LongAdder();
    private final LongAdder owed = new LongAdder();
    private final LongAdder told = new LongAdder();
    private final LongAdder hooks = new LongAdder();
    private final LongAdder repeated = new LongAdder();

    /** Which webhooks are to be told of which mailboxes, and count. */
    @FunctionalInterface
    public interface Audience {
        boolean hears(int webhook, int mailbox);
    }

    /** A mailbox: when its messages came, and how many of them each webhook was told of. */
    private static final class Box {
        private final int[] told;
        private long[] cameAt = new long[4];
        private final int number;
        private final int listeners;
        private int came;

        private Box(int number, int webhooks, int listeners) {
            this.number = number;
            told = new int[webhooks];
            this.listeners = listeners;
        }
    }

    /** Of so many mailboxes and webhooks. */
    public Ledger(int mailboxes, int webhooks, Audience audience) {
        this.webhooks = webhooks;
        this.audience = audience;
        boxes = new Box[mailboxes];
        Arrays.setAll(
                boxes,
                i ->
                        new Box(
                                i,
                                webhooks,
                                (int)
                                        IntStream.range(0, webhooks)
                                                .filter(webhook -> audience.hears(webhook, i))
                                                .count()));
    }

    /** This account watches the mailbox of this number. */
    public void register(UUID account, int mailbox) {
        byAccount.put(account, boxes[mailbox]);
    }

    /** A message is put into a mailbox now; call it before the server tells. */
    public void comes(int mailbox) {
        Box box = boxes[mailbox];
        synchronized (box) {
            if (box.came == box.cameAt.length) {
                box.cameAt = Arrays.copyOf(box.cameAt, box.came * 2);
            }
            box.cameAt[box.came++] = System.nanoTime();
        }
        came.increment();
        owed.add(box.listeners);
    }

    /** A delivery arrived. */
    public void arrived(Hook hook) {
        if (!hook.type().equals("mail.new")) {
            return;
        }
        if (!ids.add(hook.id())) {
            repeated.increment();
            return;
        }
        hooks.increment();
        Box box = byAccount.get(hook.account());
        if (box == null) {
            throw new IllegalStateException("news of an account that nobody registered: " + hook);
        }
        synchronized (box) {
            if (!audience.hears(hook.webhook(), box.number)) {
                return;
            }
            int first = box.told[hook.webhook()];
            int next = first + hook.newCount();
            box.told[hook.webhook()] = next;
            for (int i = first; i < Math.min(next, box.came); i++) {
                latencies.add(box.cameAt[i], hook.nanoTime() - box.cameAt[i]);
            }
        }
        told.add(hook.newCount());
    }

    /** Messages that came so far. */
    public long came() {
        return came.sum();
    }

    /** Messages that webhooks were not told of yet, each as often as webhooks are to hear of it. */
    public long untold() {
        return owed.sum() - told.sum();
    }

    /** The same for some of the mailboxes, by number. */
    public long untold(IntPredicate which) {
        long untold = 0;
        for (Box box : boxes) {
            if (which.test(box.number)) {
                synchronized (box) {
                    untold +=
                            (long) box.came * box.listeners
                                    - Arrays.stream(box.told).asLongStream().sum();
                }
            }
        }
        return untold;
    }

    /** Deliveries so far, each once. */
    public long hooks() {
        return hooks.sum();
    }

    /** Deliveries that came again. */
    public long repeated() {
        return repeated.sum();
    }

    public Latencies latencies() {
        return latencies;
    }

    /** Whether everybody was told of everything, and of no more. */
    public boolean settled() {
        return untold() == 0 && differences().isEmpty();
    }

    /** Where what came is not what was told; the first few, in words. */
    public List<String> differences() {
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < boxes.length && differences.size() < SHOWN; i++) {
            Box box = boxes[i];
            synchronized (box) {
                for (int webhook = 0; webhook < webhooks; webhook++) {
                    if (audience.hears(webhook, i) && box.told[webhook] != box.came) {
                        differences.add(
                                "mailbox %d: %d came, webhook %d was told of %d"
                                        .formatted(i, box.came, webhook, box.told[webhook]));
                    }
                }
            }
        }
        return differences;
    }
}
