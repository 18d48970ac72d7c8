package dev.mailbell.mail.servers;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import java.time.Duration;
import java.util.Arrays;

/** GreenMail on free ports of loopback. */
public final class TestGreenMail {
    /** GreenMail's own limit is two seconds, in which its threads may not run on a busy machine. */
    private static final Duration START_TIMEOUT = Duration.ofMinutes(3);

    private TestGreenMail() {}

    /**
     * A server that is not started.
     *
     * @param protocols constants of {@link ServerSetup}, such as {@code PROTOCOL_IMAP}
     */
    public static GreenMail of(String... protocols) {
        return new GreenMail(
                Arrays.stream(protocols).map(TestGreenMail::setup).toArray(ServerSetup[]::new));
    }

    private static ServerSetup setup(String protocol) {
        ServerSetup setup = new ServerSetup(0, "127.0.0.1", protocol);
        setup.setServerStartupTimeout(START_TIMEOUT.toMillis());
        return setup;
    }
}
