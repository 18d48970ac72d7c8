package dev.mailbell.webhook;

import dev.mailbell.network.address.AddressGuard;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Which URLs may be registered as webhooks. What counts in the end is checked on every connect. */
public final class WebhookUrls {
    private final AddressGuard guard;
    private final Supplier<? extends Collection<Integer>> ports;

    /**
     * @param ports what {@code webhooks.ports} says now; any port is open at addresses that {@code
     *     network.allowPrivate} covers
     */
    public WebhookUrls(AddressGuard guard, Supplier<? extends Collection<Integer>> ports) {
        this.guard = guard;
        this.ports = ports;
    }

    /**
     * What is wrong with a URL as a webhook's, to be read after "url ". May look the host up, which
     * takes 5 seconds at most.
     *
     * @return messages fit for a client, none when it may be registered; see {@link
     *     #blocked(String)} for the fault that is no mistake in the URL
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
        if (!ports.get().contains(parsed.port()) && !isCovered(host)) {
            faults.add("has port " + parsed.port() + ", which is not one of " + ports.get());
        }
        return faults;
    }

    /**
     * Whether the guard refuses the host as far as it can be told now, with the reason: a URL
     * without {@linkplain #faults faults} that this installation will not send to.
     *
     * @return a message fit for a client, or empty
     * @throws IllegalArgumentException when it is not a URL
     */
    public Optional<String> blocked(String url) {
        return guard.check(WebhookUrl.parse(url).host().toString());
    }

    private boolean isCovered(String host) {
        try {
            return guard.resolve(host).stream().anyMatch(guard::isCovered);
        } catch (IOException e) {
            // Refused, or not to be looked up now: either way nothing says that it is covered.
            return false;
        }
    }
}
