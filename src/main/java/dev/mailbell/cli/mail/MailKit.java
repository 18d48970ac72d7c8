package dev.mailbell.cli.mail;

import dev.mailbell.mail.connection.ConnectionObserver;
import dev.mailbell.mail.connection.MailConnector;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.tls.TlsContexts;
import java.util.List;

/**
 * What connections of a command need. Every address is allowed, and clear text too: the user of the
 * command chooses the server.
 */
final class MailKit implements AutoCloseable {
    private final AddressGuard guard = new AddressGuard(List.of("0.0.0.0/0", "::/0"), List.of("*"));
    private final Watchdog watchdog = new Watchdog();
    private final TlsContexts tls = new TlsContexts(watchdog);

    AddressGuard guard() {
        return guard;
    }

    TlsContexts tls() {
        return tls;
    }

    Watchdog watchdog() {
        return watchdog;
    }

    MailConnector connector(ConnectionObserver observer) {
        return new MailConnector(guard, tls, watchdog, observer);
    }

    @Override
    public void close() {
        watchdog.close();
        guard.close();
    }
}
