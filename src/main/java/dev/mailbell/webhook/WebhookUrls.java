package dev.mailbell.webhook;

import dev.mailbell.network.address.AddressGuard;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Checks the URLs of webhooks at registration; each connection checks its address again. */
public final class WebhookUrls {
    private final AddressGuard guard;
    private final Supplier<? extends Collection<Integer>> ports;

    /**
     * @param ports the current value of {@code webhooks.ports}; at addresses that {@code
     *     network.allowPrivate} covers any port is allowed
     */
    public WebhookUrls(AddressGuard guard, Supplier<? extends Collection<Integer>> ports) {
        this.guard = guard;
        this.ports = ports;
    }

    /**
     * The faults of a URL, each to be read after "url ". May resolve the host, which takes 5 s at
     * most.
     *
     * @return messages for the client, none when the URL may be registered; {@link
     *     #blocked(String)} is about the host
     */
    public List<String> faults(String url) {
        WebhookUrl parsed;
        try {
            parsed = WebhookUrl.parse(url);
        } catch (IllegalArgumentException e) {
            return List.of(String.valueOf(e.getMessage()));
        }
        List<String> faults = new ArrayList<>();
        String host = parsed.host().toString();
        if (!parsed.https() && !guard.allowsCleartext(host)) {
            faults.add("must start with https:// (network.allowCleartext does not name its host)");
        }
        if (!ports.get().contains(parsed.port()) && !isInAllowPrivate(host)) {
            faults.add("has port " + parsed.port() + ", which is not one of " + ports.get());
        }
        return faults;
    }

    /**
     * The reason why the address guard blocks the host, as far as its addresses are known now.
     *
     * @return a message for the client; empty when the host is not blocked
     * @throws IllegalArgumentException when it is not a URL
     */
    public Optional<String> blocked(String url) {
        return guard.check(WebhookUrl.parse(url).host().toString());
    }

    private boolean isInAllowPrivate(String host) {
        try {
            return guard.resolve(host).stream().anyMatch(guard::isInAllowPrivate);
        } catch (IOException e) {
            // Blocked or not resolvable now: it is not known to be covered.
            return false;
        }
    }
}
