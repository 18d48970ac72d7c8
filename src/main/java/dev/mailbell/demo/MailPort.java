package dev.mailbell.demo;

import com.icegreen.greenmail.util.ServerSetup;
import java.time.Duration;

/** A free loopback port for a protocol of a mail server. */
final class MailPort {
    static final String HOST = "127.0.0.1";

    /** GreenMail's own limit is two seconds, which a busy machine needs for its first TLS alone. */
    private static final Duration START = Duration.ofMinutes(1);

    private MailPort() {}

    static ServerSetup of(String protocol) {
        ServerSetup setup = new ServerSetup(0, HOST, protocol);
        setup.setServerStartupTimeout(START.toMillis());
        return setup;
    }
}
