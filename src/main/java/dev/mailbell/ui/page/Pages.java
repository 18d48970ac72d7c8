package dev.mailbell.ui.page;

import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.PageAccess;
import dev.mailbell.api.http.Principal;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.client.Scope;
import dev.mailbell.config.HttpConfig;
import dev.mailbell.secret.Keyring;
import dev.mailbell.ui.session.Cookies;
import dev.mailbell.ui.session.EndedSessions;
import dev.mailbell.ui.session.Session;
import dev.mailbell.ui.session.SessionSeal;
import dev.mailbell.ui.session.Sessions;
import dev.mailbell.ui.session.SignedOut;
import io.javalin.http.Context;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** Takes the pages of all packages: their paths, the scopes that they need, their navigation. */
public final class Pages {
    /** The page after the sign-in. */
    public static final String HOME = Sessions.HOME;

    private static final String FORM_TOKEN = "csrf";
    private static final String FORM_TOKEN_HEADER = "X-CSRF-Token";

    private final Routes routes;
    private final Sessions sessions;
    private final Templates templates = new Templates();
    private final Assets assets = new Assets();
    private final Notices notices;
    private final FormTokens formTokens;
    private final String version;
    private final InstantSource clock;
    private final List<Entry> entries = new ArrayList<>();

    /**
     * @param scope null: for everybody who is signed in
     */
    private record Entry(String label, String href, @Nullable Scope scope) {}

    /**
     * What the pages stand on.
     *
     * @param clock follows the database's clock
     */
    public record Parts(
            PageAccess access,
            Jdbi jdbi,
            Keyring keyring,
            HttpConfig http,
            String version,
            InstantSource clock) {}

    public Pages(Routes routes, Parts parts) {
        Cookies cookies = new Cookies(parts.http());
        this.routes = routes;
        this.version = parts.version();
        this.clock = parts.clock();
        this.notices = new Notices(cookies);
        this.formTokens = new FormTokens(cookies);
        this.sessions =
                new Sessions(
                        parts.access(),
                        new SessionSeal(parts.keyring()),
                        new SignedOut(parts.jdbi(), System::nanoTime),
                        new EndedSessions(System::nanoTime),
                        cookies,
                        parts.clock());
        routes.before(Routes.PAGES + "*", this::begin);
        routes.getWithoutKey("/ui", context -> context.redirect(HOME));
        assets.addTo(routes);
        new SignInPages(parts.access(), sessions, formTokens, this).addTo(routes);
    }

    private void begin(Context context) {
        PageHeaders.set(context);
        if (context.path().startsWith(Assets.PATH)) {
            return;
        }
        Responses.writeProblemsBy(context, new ErrorPages(this)::write);
        sessions.find(context);
    }

    /** The sessions, for those that rest on something else than a key. */
    public Sessions sessions() {
        return sessions;
    }

    /** For forms that begin a session. */
    public FormTokens formTokens() {
        return formTokens;
    }

    /** Adds an entry to the navigation, after those that are there, for those with the scope. */
    public void entry(String label, String href, Scope scope) {
        entries.add(new Entry(label, href, scope));
    }

    /** The same for everybody who is signed in. */
    public void entry(String label, String href) {
        entries.add(new Entry(label, href, null));
    }

    /** Adds a page for those with the scope. */
    public void get(String path, Scope scope, PageHandler handler) {
        routes.get(path, scope, context -> handler.handle(new PageRequest(context, this)));
    }

    /** Adds a page for everybody who is signed in. */
    public void get(String path, PageHandler handler) {
        routes.getWithoutKey(path, context -> handler.handle(new PageRequest(context, this)));
    }

    /** Adds an action for those with the scope. Its form needs the field {@code csrf}. */
    public void post(String path, Scope scope, PageHandler handler) {
        routes.post(path, scope, context -> act(context, handler));
    }

    /** Adds an action for everybody who is signed in. */
    public void post(String path, PageHandler handler) {
        routes.postWithoutKey(path, context -> act(context, handler));
    }

    /**
     * Adds an action for everybody, from a page that {@link Sessions#open} lets everybody see. Its
     * form needs the field {@code csrf} of {@link #formTokens}, which the handler looks at.
     */
    public void postByAnyone(String path, PageHandler handler) {
        routes.postWithoutKey(
                path,
                context -> {
                    requireSameOrigin(context);
                    requireOwnHost(context);
                    handler.handle(new PageRequest(context, this));
                });
    }

    /** For browsers that say the origin alone; of this server's own forms it is {@code null}. */
    private static void requireOwnHost(Context context) {
        String origin = context.header("Origin");
        String host = context.header("Host");
        if (origin != null && !origin.equals("null") && !origin.endsWith("://" + host)) {
            throw ofAnotherSite();
        }
    }

    private void act(Context context, PageHandler handler) throws Exception {
        requireSameOrigin(context);
        PageRequest request = new PageRequest(context, this);
        String given =
                Optional.ofNullable(context.header(FORM_TOKEN_HEADER))
                        .or(() -> request.form().text(FORM_TOKEN))
                        .orElse("");
        if (Sessions.of(context).filter(session -> session.hasFormText(given)).isEmpty()) {
            throw new ProblemException(
                    Problem.of(
                            403,
                            "form-of-another-session",
                            "This form is of another session",
                            "Nothing was changed. Go back, reload the page and try again."));
        }
        handler.handle(request);
    }

    /** Browsers say where a form was; what is no browser says nothing. */
    static void requireSameOrigin(Context context) {
        String site = context.header("Sec-Fetch-Site");
        if (site != null && !site.equals("same-origin")) {
            throw ofAnotherSite();
        }
    }

    private static ProblemException ofAnotherSite() {
        return new ProblemException(
                Problem.of(
                        403,
                        "form-of-another-site",
                        "This form is of another site",
                        "Nothing was changed. Use the forms of this page only."));
    }

    Instant now() {
        return clock.instant();
    }

    Notices notices() {
        return notices;
    }

    void show(Context context, int status, String template, String title, Object model) {
        String html =
                templates.render(template, Map.of("page", view(context, title), "model", model));
        context.status(status).contentType("text/html; charset=utf-8").result(html);
    }

    /**
     * A part of a page that a stream carries.
     *
     * @param template has the parameter {@code model} alone
     */
    public String fragment(String template, Object model) {
        return templates.render(template, Map.of("model", model));
    }

    private PageView view(Context context, String title) {
        Optional<Session> session = Sessions.of(context);
        boolean admitted = session.isPresent() && AccessFilter.isAuthenticated(context);
        String query = context.queryString();
        return new PageView(
                title,
                context.path() + (query == null ? "" : "?" + query),
                admitted ? navigation(context) : List.of(),
                session.map(Session::formText).orElse(""),
                admitted ? AccessFilter.principal(context).keyName() : null,
                notices.take(context).orElse(null),
                assets.paths(),
                version,
                clock.instant());
    }

    private List<NavItem> navigation(Context context) {
        Principal principal = AccessFilter.principal(context);
        String path = context.path();
        return entries.stream()
                .filter(entry -> entry.scope() == null || principal.may(entry.scope()))
                .map(entry ->
                        new NavItem(
                                entry.label(),
                                entry.href(),
                                path.equals(entry.href()) || path.startsWith(entry.href() + "/")))
                .toList();
    }
}
