package dev.mailbell.mail.log;

import dev.mailbell.mail.connection.ConnectionObserver;
import dev.mailbell.mail.log.ProtocolLogLine.Side;
import dev.mailbell.mail.text.SecretTraces;
import dev.mailbell.mail.text.ServerText;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Records what is said over connections, one after the other, as lines that may be shown: secrets
 * are redacted, control characters replaced, long lines cut, and of a flood only a part is kept.
 * Thread-safe.
 */
public final class ProtocolLog implements ConnectionObserver {
    private static final int KEPT = 2_000;
    private static final int LINE_LENGTH = 1_000;

    /** How many lines are passed on at once, and in each second after that. */
    private static final int BURST = 2_000;

    private static final int PER_SECOND = 200;

    private final SecretTraces secrets;
    private final LongSupplier nanoTime;
    private final Consumer<ProtocolLogLine> live;
    private final long began;
    private final List<ProtocolLogLine> lines = new ArrayList<>();
    private final OctetLines fromClient = new OctetLines(this::client);
    private final OctetLines fromServer = new OctetLines(this::server);
    private Redaction redaction = new Redaction();
    private long kept;
    private long passedOn;
    private long dropped;

    /**
     * @param secrets what is redacted wherever it is said
     * @param nanoTime a monotonic clock in nanoseconds
     * @param live gets each line when it is complete
     */
    public ProtocolLog(
            List<String> secrets, LongSupplier nanoTime, Consumer<ProtocolLogLine> live) {
        this.secrets = new SecretTraces(secrets);
        this.nanoTime = nanoTime;
        this.live = live;
        this.began = nanoTime.getAsLong();
    }

    /** The lines so far, the first 2,000 of them; a last one says how many were left out. */
    public synchronized List<ProtocolLogLine> lines() {
        fromClient.flush();
        fromServer.flush();
        List<ProtocolLogLine> result = new ArrayList<>(lines);
        if (kept > lines.size()) {
            result.add(line(Side.NOTE, (kept - lines.size()) + " lines more are not shown"));
        }
        return result;
    }

    /** Adds a remark. */
    public synchronized void note(String text) {
        fromClient.flush();
        fromServer.flush();
        add(Side.NOTE, ServerText.oneLine(text, LINE_LENGTH));
    }

    @Override
    public synchronized void connected(@Nullable SocketAddress remote) {
        redaction = new Redaction();
        note(
                "connected to "
                        + (remote instanceof InetSocketAddress address
                                ? address.getAddress().getHostAddress() + ":" + address.getPort()
                                : String.valueOf(remote)));
    }

    @Override
    public synchronized void secured(SSLSession session) {
        note(session.getProtocol() + " with " + session.getCipherSuite());
    }

    @Override
    public synchronized void sent(byte[] octets, int offset, int length) {
        fromClient.accept(octets, offset, length);
    }

    @Override
    public synchronized void received(byte[] octets, int offset, int length) {
        fromServer.accept(octets, offset, length);
    }

    private void client(String latin1) {
        String shown = redaction.client(latin1);
        if (!shown.isEmpty()) {
            add(Side.CLIENT, shown);
        }
    }

    private void server(String latin1) {
        add(Side.SERVER, redaction.server(latin1));
    }

    private void add(Side side, String latin1) {
        kept++;
        boolean keeps = lines.size() < KEPT;
        boolean passes = mayPassOn();
        if (!keeps && !passes) {
            return;
        }
        // Only here, because the search for secrets takes its time.
        ProtocolLogLine line =
                line(side, side == Side.NOTE ? latin1 : secrets.redact(ServerText.decode(latin1)));
        if (keeps) {
            lines.add(line);
        }
        if (passes) {
            if (dropped > 0) {
                live.accept(line(Side.NOTE, dropped + " lines are not shown"));
                dropped = 0;
            }
            live.accept(line);
        }
    }

    private boolean mayPassOn() {
        long allowed =
                BURST
                        + PER_SECOND
                                * (nanoTime.getAsLong() - began)
                                / Duration.ofSeconds(1).toNanos();
        if (passedOn >= allowed) {
            dropped++;
            return false;
        }
        passedOn++;
        return true;
    }

    private ProtocolLogLine line(Side side, String text) {
        return new ProtocolLogLine(
                Duration.ofNanos(nanoTime.getAsLong() - began),
                side,
                ServerText.oneLine(text, LINE_LENGTH));
    }
}
