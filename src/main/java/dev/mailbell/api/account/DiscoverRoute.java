package dev.mailbell.api.account;

import dev.mailbell.api.account.registration.AccountReader;
import dev.mailbell.api.account.registration.ServerSearch;
import dev.mailbell.api.http.RequestLimits;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.problem.FieldErrors;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.EnumNames;
import dev.mailbell.api.request.Fields;
import dev.mailbell.api.request.Query;
import dev.mailbell.client.Scope;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.discovery.Candidate;
import dev.mailbell.mail.discovery.Candidates;
import dev.mailbell.mail.discovery.Discovered.Found;
import io.javalin.http.Context;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The route that shows the mail servers of an address without registering it. */
public final class DiscoverRoute {
    private static final Map<String, Protocol> PROTOCOLS = EnumNames.byName(Protocol.class);

    private final ServerSearch search;
    private final RequestLimits limits;

    public DiscoverRoute(ServerSearch search, RequestLimits limits) {
        this.search = search;
        this.limits = limits;
    }

    public void addTo(Routes routes) {
        routes.post("/v1/accounts/discover", Scope.ACCOUNTS_READ, this::discover);
    }

    private record Discovery(List<CandidateView> candidates, @Nullable String message) {}

    private record CandidateView(
            String protocol,
            String host,
            int port,
            String security,
            String username,
            String source,
            @Nullable List<String> auth,
            @Nullable String note) {
        static CandidateView of(Candidate candidate) {
            Found server = candidate.server();
            return new CandidateView(
                    EnumNames.of(candidate.protocol()),
                    server.host(),
                    server.port(),
                    EnumNames.of(server.security()),
                    server.username(),
                    server.source().wireName(),
                    candidate.auth().isEmpty()
                            ? null
                            : candidate.auth().stream().map(Candidate.Auth::wireName).toList(),
                    candidate.note().orElse(null));
        }
    }

    private void discover(Context context) {
        Query.of(context).validate();
        FieldErrors errors = new FieldErrors();
        Fields fields = Fields.of(Body.object(context), errors);
        String address = AccountReader.address(fields);
        Set<Protocol> protocols =
                fields.oneOf("protocol", PROTOCOLS)
                        .<Set<Protocol>>map(EnumSet::of)
                        .orElse(EnumSet.allOf(Protocol.class));
        fields.rejectUnknown();
        errors.throwIfAny();
        limits.verify(context);
        Candidates candidates = search.candidates(address, protocols);
        Responses.ok(
                context,
                new Discovery(
                        candidates.found().stream().map(CandidateView::of).toList(),
                        candidates.message().isEmpty() ? null : candidates.message()));
    }
}
