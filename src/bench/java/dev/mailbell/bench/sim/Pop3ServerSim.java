package dev.mailbell.bench.sim;

import dev.mailbell.bench.net.Listener;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicIntegerArray;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** A POP3 server that answers at once. Each maildrop begins with ten thousand messages. */
public final class Pop3ServerSim extends CountingMailSim {
    static final int MESSAGES = 10_000;
    static final int OCTETS = 2_000;

    private final byte[] uids = listing(Pop3ServerSim::uid);
    private final byte[] sizes = listing(number -> Integer.toString(OCTETS));
    private final AtomicIntegerArray added;
    private final Listener listener;

    private interface Column {
        String of(int number);
    }

    /**
     * @param users how many maildrops
     * @param addresses loopback addresses to listen on, 1 to 250
     * @param tls null for plain
     */
    public Pop3ServerSim(int users, int addresses, @Nullable SSLContext tls) {
        added = new AtomicIntegerArray(users);
        listener = Listener.open(addresses, tls, () -> new Pop3Handler(this));
    }

    private static byte[] listing(Column column) {
        StringBuilder lines = new StringBuilder();
        for (int number = 1; number <= MESSAGES; number++) {
            lines.append(number).append(' ').append(column.of(number)).append("\r\n");
        }
        return lines.toString().getBytes(StandardCharsets.US_ASCII);
    }

    static String uid(int number) {
        return "%08x-bench".formatted(number * 2654435761L & 0xFFFFFFFFL);
    }

    boolean has(int user) {
        return user >= 0 && user < added.length();
    }

    int messages(int user) {
        return MESSAGES + added.get(user);
    }

    /** The first {@link #MESSAGES} lines of UIDL. */
    byte[] uids() {
        return uids;
    }

    /** The first {@link #MESSAGES} lines of LIST. */
    byte[] sizes() {
        return sizes;
    }

    @Override
    public String host(int user) {
        return listener.host(user);
    }

    @Override
    public int port() {
        return listener.port();
    }

    @Override
    public void deliver(int user) {
        added.incrementAndGet(user);
    }

    @Override
    public void drop(int user) {
        throw new UnsupportedOperationException("only IMAP sessions last long enough");
    }

    @Override
    public void stall(int user) {
        throw new UnsupportedOperationException("only IMAP sessions last long enough");
    }

    @Override
    public int idling() {
        return 0;
    }

    @Override
    public void close() {
        listener.close();
    }
}
