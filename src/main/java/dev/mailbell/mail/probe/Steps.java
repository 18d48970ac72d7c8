package dev.mailbell.mail.probe;

import dev.mailbell.mail.connection.ConnectionObserver;
import dev.mailbell.mail.log.ProtocolLog;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Measures the steps of a probe: what the connection shows by itself (connect, TLS, greeting), and
 * what the probe begins. For one thread.
 */
final class Steps implements ConnectionObserver {
    private final ProtocolLog log;
    private final boolean tlsFirst;
    private final LongSupplier nanoTime;
    private final List<ProbeReport.Step> steps = new ArrayList<>();
    private String current = "start";
    private long began;
    private boolean awaitsGreeting;
    private @Nullable SSLSession session;

    /**
     * @param tlsFirst whether TLS begins with the first octet
     */
    Steps(ProtocolLog log, boolean tlsFirst, LongSupplier nanoTime) {
        this.log = log;
        this.tlsFirst = tlsFirst;
        this.nanoTime = nanoTime;
        this.began = nanoTime.getAsLong();
    }

    /** Begins a step; the one before it has ended. */
    void begin(String name) {
        current = name;
        began = nanoTime.getAsLong();
    }

    /** Ends the current step. */
    void end() {
        steps.add(new ProbeReport.Step(current, (nanoTime.getAsLong() - began) / 1e6));
        began = nanoTime.getAsLong();
    }

    /** The name of the step that is under way. */
    String current() {
        return current;
    }

    List<ProbeReport.Step> ended() {
        return List.copyOf(steps);
    }

    /** The last TLS session; empty before the handshake. */
    Optional<SSLSession> session() {
        return Optional.ofNullable(session);
    }

    @Override
    public void connected(@Nullable SocketAddress remote) {
        end();
        current = tlsFirst ? "tls" : "greeting";
        awaitsGreeting = true;
        log.connected(remote);
    }

    @Override
    public void secured(SSLSession secured) {
        session = secured;
        current = tlsFirst ? "tls" : "starttls";
        end();
        current = tlsFirst ? "greeting" : "login";
        log.secured(secured);
    }

    @Override
    public void sent(byte[] octets, int offset, int length) {
        log.sent(octets, offset, length);
    }

    @Override
    public void received(byte[] octets, int offset, int length) {
        log.received(octets, offset, length);
        if (awaitsGreeting) {
            awaitsGreeting = false;
            end();
            current = "login";
        }
    }
}
