package dev.mailbell.bench.sim;

import dev.mailbell.bench.net.Connection;
import dev.mailbell.bench.net.ConnectionHandler;
import dev.mailbell.bench.net.Listener;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A webhook receiver that answers at once. The number in the path, {@code /w/17}, is the webhook's;
 * how each answers may be set.
 */
public final class Receiver implements AutoCloseable {
    private static final byte[] OK = answer("200 OK");
    private static final byte[] BROKEN = answer("500 Internal Server Error");

    private static final int SLOW_SECONDS = 5;
    private static final ScheduledExecutorService TIMER =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("bench-slow").factory());

    /** How a webhook answers. */
    public enum Behaviour {
        /** 200, at once. */
        ACCEPTS,
        /** 500, at once. */
        FAILS,
        /** 500, after 5 s. */
        FAILS_SLOWLY,
        /** Never. */
        HANGS,
        /** The connection ends instead. */
        CUTS
    }

    private final Listener listener;
    private final Posts taken;
    private final LongAdder requests = new LongAdder();
    private volatile IntFunction<Behaviour> behaviours = webhook -> Behaviour.ACCEPTS;

    /** Called for each POST that is accepted, from several threads. */
    private interface Posts {
        /**
         * @param webhook the number in the path
         * @param id {@code webhook-id}, empty where there is none
         * @param nanoTime when its first octets were read
         */
        void took(int webhook, String id, String body, long nanoTime);
    }

    /** Called with the body of each POST. */
    @FunctionalInterface
    public interface Bodies {
        /**
         * @param nanoTime when the first octets of its POST were read
         */
        void took(String body, long nanoTime);
    }

    /**
     * @param taken called for each accepted delivery, from several threads
     */
    public Receiver(Consumer<ReceivedDelivery> taken) {
        this((webhook, id, body, nanoTime) ->
                taken.accept(ReceivedDelivery.of(webhook, id, body, nanoTime)));
    }

    /** For senders that are not Mailbell. */
    public static Receiver ofBodies(Bodies taken) {
        return new Receiver((webhook, id, body, nanoTime) -> taken.took(body, nanoTime));
    }

    private Receiver(Posts taken) {
        this.taken = taken;
        this.listener = Listener.open(1, null, Exchange::new);
    }

    private static byte[] answer(String status) {
        return ("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** Where the webhook of this number is. */
    public String url(int webhook) {
        return "http://127.0.0.1:" + listener.port() + "/w/" + webhook;
    }

    /** Sets the behaviours of the webhooks from now on. */
    public void behaviours(IntFunction<Behaviour> of) {
        behaviours = of;
    }

    /** POSTs so far, with any answer. */
    public long requests() {
        return requests.sum();
    }

    @Override
    public void close() {
        listener.close();
    }

    /** One connection, kept alive. */
    private final class Exchange implements ConnectionHandler {
        private @Nullable Connection link;
        private long begun;

        @Override
        public void opened(Connection opened) {
            link = opened;
        }

        @Override
        public void received(ByteBuffer octets) {
            long now = System.nanoTime();
            while (octets.hasRemaining()) {
                begun = begun == 0 ? now : begun;
                if (!take(octets, begun)) {
                    return;
                }
                begun = 0;
            }
        }

        /** Consumes one complete request; false when it is incomplete. */
        private boolean take(ByteBuffer octets, long nanoTime) {
            byte[] all = new byte[octets.remaining()];
            octets.duplicate().get(all);
            String text = new String(all, StandardCharsets.ISO_8859_1);
            int headEnd = text.indexOf("\r\n\r\n");
            if (headEnd < 0) {
                return false;
            }
            String head = text.substring(0, headEnd).toLowerCase(Locale.ROOT);
            int bodyBegin = headEnd + 4;
            int bodyEnd = bodyBegin + Integer.parseInt(header(head, "content-length", "0"));
            if (bodyEnd > text.length()) {
                return false;
            }
            octets.position(octets.position() + bodyEnd);
            requests.increment();
            int webhook = webhook(head);
            answer(
                    behaviours.apply(webhook),
                    () ->
                            taken.took(
                                    webhook,
                                    header(head, "webhook-id", ""),
                                    text.substring(bodyBegin, bodyEnd),
                                    nanoTime));
            return true;
        }

        private void answer(Behaviour behaviour, Runnable take) {
            Connection to = link;
            if (to == null) {
                return;
            }
            switch (behaviour) {
                case ACCEPTS -> {
                    take.run();
                    to.send(OK);
                }
                case FAILS -> to.send(BROKEN);
                case FAILS_SLOWLY ->
                        TIMER.schedule(() -> to.send(BROKEN), SLOW_SECONDS, TimeUnit.SECONDS);
                case CUTS -> to.close();
                case HANGS -> {
                    // The client's deadline ends it.
                }
            }
        }

        private static String header(String head, String name, String missing) {
            int begin = head.indexOf("\r\n" + name + ":");
            if (begin < 0) {
                return missing;
            }
            begin += name.length() + 3;
            int end = head.indexOf("\r\n", begin);
            return head.substring(begin, end < 0 ? head.length() : end).strip();
        }

        /** {@code post /w/17 http/1.1}. */
        private static int webhook(String head) {
            int begin = head.indexOf("/w/") + 3;
            int end = head.indexOf(' ', begin);
            return Integer.parseInt(head.substring(begin, end));
        }

        @Override
        public void closed() {
            link = null;
        }
    }
}
