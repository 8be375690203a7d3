from tests.graphql.reading.test_reference import *
async def test_tmp(worlds):
    world, ask = worlds.made[2]
    query, variables = Composer(REFERENCE.schema, world, 5408).document()
    print(query, variables)
    print(REFERENCE.answer(world, query, variables))
    print(await ask.run(query, variables))
    q='query($s:String){products(search:$s, first:100){nodes{title handle variants{nodes{sku}}}}}'
    a=REFERENCE.answer(world,q,{'s':'茶 sku'}); b=await ask.run(q,{'s':'茶 sku'})
    print([n['handle'] for n in a['data']['products']['nodes']], [n['handle'] for n in b['data']['products']['nodes']])
