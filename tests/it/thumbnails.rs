//! Thumbnails and pictures of versions over REST.

use atelier::auth::OrgRole;
use reqwest::{Method, Response, StatusCode, header};

use crate::harness::{Server, User, eventually, problem};

const BEFORE: &str = include_str!("../fixtures/prefix-bpmn.bpmn");

fn renamed() -> String {
    BEFORE.replace("name=\"Order done\"", "name=\"Over\"")
}

async fn text(response: Response) -> String {
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "image/svg+xml");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "private, no-cache");
    response.text().await.unwrap()
}

/// The thumbnail, once it shows a text.
async fn thumbnail_shows(server: &Server, user: &User, id: &str, name: &str) -> String {
    eventually("the thumbnail is made", async || {
        let answer = server.get(user, &format!("/api/diagrams/{id}/thumbnail.svg")).await;
        if answer.status() != StatusCode::OK {
            return None;
        }
        Some(text(answer).await).filter(|svg| svg.contains(name))
    })
    .await
}

async fn save(server: &Server, user: &User, id: &str, xml: String) {
    let path = format!("/api/diagrams/{id}/xml?mode=replace");
    let request = server.request(user, Method::PUT, &path);
    let answer = request.header(header::CONTENT_TYPE, "application/xml").body(xml).send().await;
    assert_eq!(answer.unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thumbnail_follows_the_newest_version_under_a_tag_of_its_own() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create(&ana, BEFORE).await;
    thumbnail_shows(&server, &ana, &id, "Order done").await;
    save(&server, &ana, &id, renamed()).await;
    let svg = thumbnail_shows(&server, &ana, &id, "Over").await;
    assert!(!svg.contains("Order done"));

    for (file, begins) in [("thumbnail.svg", &b"<svg "[..]), ("thumbnail.png", b"\x89PNG")] {
        let path = format!("/api/diagrams/{id}/{file}");
        let answer = server.get(&ana, &path).await;
        let tag = answer.headers()[header::ETAG].clone();
        assert!(answer.bytes().await.unwrap().starts_with(begins), "{file}");
        let again = server.request(&ana, Method::GET, &path).header(header::IF_NONE_MATCH, &tag);
        let again = again.send().await.unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(again.headers()[header::ETAG], tag);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thumbnail_outlives_the_server_and_is_of_its_organisation_alone() {
    let server = Server::start().await;
    let id = server.create(&server.member(), BEFORE).await;
    let svg = thumbnail_shows(&server, &server.member(), &id, "Order done").await;
    let server = Server::start_in(server.stop().await).await;
    let path = format!("/api/diagrams/{id}/thumbnail.svg");
    assert_eq!(text(server.get(&server.member(), &path).await).await, svg);

    let eve = server.user("other", "eve", OrgRole::Admin);
    problem(server.get(&eve, &path).await, 404, "not-found").await;
    let version = format!("/api/diagrams/{id}/versions/1/picture.svg");
    problem(server.get(&eve, &version).await, 404, "not-found").await;
    let nobody = server.bare(Method::GET, &path).send().await.unwrap();
    problem(nobody, 401, "unauthorized").await;
    let deleted = server.request(&server.member(), Method::DELETE, &format!("/api/diagrams/{id}"));
    assert_eq!(deleted.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    problem(server.get(&server.member(), &path).await, 404, "not-found").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_version_is_drawn_with_what_differs_from_another() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create(&ana, BEFORE).await;
    save(&server, &ana, &id, renamed()).await;
    let picture = async |version: &str| {
        let path = format!("/api/diagrams/{id}/versions/{version}");
        text(server.get(&ana, &path).await).await
    };
    let marked = |svg: &str| svg.matches("<g class=\"e\"").count();
    let (old, new) = (picture("1/picture.svg").await, picture("2/picture.svg").await);
    assert!(old.contains("Order done") && new.contains("Over"));
    assert_eq!((marked(&old), marked(&new)), (0, 0));
    assert_eq!(marked(&picture("2/picture.svg?since=1").await), 1);
    assert_eq!(marked(&picture("1/picture.svg?since=2").await), 1);
    assert_ne!(picture("2/picture.svg?theme=dark").await, new);
    assert!(picture("2/picture.svg?theme=auto").await.contains("prefers-color-scheme"));

    let path = |rest: &str| format!("/api/diagrams/{id}/versions/{rest}");
    problem(server.get(&ana, &path("9/picture.svg")).await, 404, "not-found").await;
    problem(server.get(&ana, &path("1/picture.svg?since=9")).await, 404, "not-found").await;
    problem(server.get(&ana, &path("1/picture.svg?theme=pink")).await, 400, "bad-request").await;
}
