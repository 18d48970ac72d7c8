package dev.mailbell.mail.discovery;

import dev.mailbell.network.Deadline;
import dev.mailbell.network.http.GuardedHttp;
import dev.mailbell.network.http.GuardedHttp.Answer;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;

/** Fetches files by https only, through the address guard, which checks each redirect again. */
final class GuardedWebFiles implements WebFiles {
    private static final int MAX_BYTES = 64 * 1024;
    private static final int MAX_REDIRECTS = 3;

    private final GuardedHttp http;

    GuardedWebFiles(GuardedHttp http) {
        this.http = http;
    }

    @Override
    public Optional<byte[]> get(URI uri, Deadline deadline) throws IOException {
        URI next = uri;
        for (int i = 0; i <= MAX_REDIRECTS; i++) {
            if (!"https".equalsIgnoreCase(next.getScheme())) {
                throw new IOException(uri.getHost() + " redirects away from https");
            }
            Answer answer = send(next, deadline);
            Optional<String> location = answer.header("location");
            if (answer.status() / 100 == 3 && location.isPresent()) {
                next = resolve(next, location.get());
            } else {
                return file(uri, answer);
            }
        }
        throw new IOException(uri.getHost() + " redirects more than " + MAX_REDIRECTS + " times");
    }

    private Answer send(URI uri, Deadline deadline) throws IOException {
        try {
            return http.send(GuardedHttp.Request.get(uri), MAX_BYTES, deadline);
        } catch (IllegalArgumentException e) {
            throw new IOException("a redirect to a URL that cannot be asked", e);
        }
    }

    private static URI resolve(URI base, String location) throws IOException {
        try {
            return base.resolve(location);
        } catch (IllegalArgumentException e) {
            throw new IOException(base.getHost() + " redirects to something that is no URL", e);
        }
    }

    private static Optional<byte[]> file(URI uri, Answer answer) throws IOException {
        if (answer.status() >= 500) {
            throw new IOException(uri.getHost() + " answered " + answer.status());
        }
        if (answer.truncated()) {
            throw new IOException(uri.getHost() + " sent more than 64 KiB");
        }
        return answer.status() == 200 ? Optional.of(answer.body()) : Optional.empty();
    }
}
