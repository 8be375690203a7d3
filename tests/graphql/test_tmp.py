async def test_it(ask) -> None:
    print(await ask('mutation { productCreate(input: {title: "Tea", variants: [{}]}) { product { __typename } userErrors { message } } }'))
    print(await ask('mutation { productCreate(input: {title: "Tea", variants: [{}]}) { product { id a: id } userErrors { message } } }'))
