package dev.mailbell;

import dev.mailbell.api.account.registration.ServerSearch;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.discovery.Candidates;
import dev.mailbell.mail.discovery.Discovered;
import dev.mailbell.mail.discovery.Discovery;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.util.Set;

/** Searches mail servers for the API, for ten seconds at most. */
record TimedSearch(Discovery discovery) implements ServerSearch {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    @Override
    public Discovered find(String address, Protocol protocol) {
        return discovery.discover(address, protocol, Deadline.after(TIMEOUT));
    }

    @Override
    public Candidates candidates(String address, Set<Protocol> protocols) {
        return discovery.candidates(address, protocols, Deadline.after(TIMEOUT));
    }
}
